from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL, Query, date_utils

from ..tools import purchases

_MONTHS = 24
# Usual intervals without a purchase after which a client counts as lost or paused.
_LOST_AFTER = 3
_BATCH = 1000
# The largest clients: more do not tell another thing, and the page would keep one waiting.
_CLIENTS = 20000
# What is divided by what.
_RATIOS = {
    "false_rate:avg": (100.0, "false_alarms", "warned"),
    "caught_rate:avg": (100.0, "caught", "lost"),
    "days_early:avg": (1.0, "days_early_total", "caught"),
}


class CrmClientWatchBacktest(models.TransientModel):
    """How early the watch warns: tried on the purchases of the last 24 months.

    Each interval between purchases is judged with what was known when it began. A client counts
    as lost or paused when it bought nothing for three usual intervals. How much intervals usually
    vary in the company is taken from today.
    """

    _name = "crm.client.watch.backtest"
    _description = "How Early the Watch Warns"
    _order = "month, user_id, id"
    _rec_name = "month"

    company_id = fields.Many2one("res.company", readonly=True)
    user_id = fields.Many2one("res.users", "Manager in Charge", readonly=True)
    month = fields.Date(readonly=True, help="Month in which the next purchase was expected.")
    intervals = fields.Integer(
        "Purchases Expected", readonly=True, help="Intervals whose end is known."
    )
    warned = fields.Integer(
        "Overdue Signals", readonly=True, help="Intervals in which a signal would have come."
    )
    lost = fields.Integer(
        "Lost or Paused", readonly=True, help="Nothing bought for three usual intervals."
    )
    caught = fields.Integer(
        "Lost, with a Warning", readonly=True, help="The signal came before the client was lost."
    )
    false_alarms = fields.Integer(
        readonly=True, help="The client was overdue and bought before it counted as lost."
    )
    days_early_total = fields.Integer("Days Early, Sum", readonly=True)
    days_early = fields.Float(
        "Days of Warning",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="From the signal to the day the client counted as lost, on the average.",
    )
    caught_rate = fields.Float(
        "Warned Of, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Lost with a warning ÷ lost or paused.",
    )
    false_rate = fields.Float(
        "False Alarms, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="False alarms ÷ overdue signals.",
    )

    @api.model
    def action_compute(self):
        """Try the watch on the past of the clients one may see.

        :return: window action on the figures
        """
        self.check_access("read")
        self.sudo().search([("create_uid", "=", self.env.uid)]).unlink()
        tallies = defaultdict(lambda: [0] * 6)
        for company in self.env.companies:
            self._tally(company, tallies)
        names = ("intervals", "warned", "lost", "caught", "false_alarms", "days_early_total")
        self.sudo().create(
            [
                {
                    "company_id": company_id,
                    "user_id": user_id,
                    "month": month,
                    **dict(zip(names, counts, strict=True)),
                }
                for (company_id, user_id, month), counts in sorted(
                    tallies.items(), key=lambda item: (item[0][2], item[0][1] or 0)
                )
            ]
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_funnel_control.crm_client_watch_backtest_action"
        )
        action["domain"] = [("create_uid", "=", self.env.uid)]
        return action

    @api.model
    def _tally(self, company, tallies):
        """Count the intervals of the largest clients of a company, by manager and month."""
        today = company._funnel_today()
        since = date_utils.subtract(today, months=_MONTHS)
        Client = self.env["crm.client"]
        found = Client.search(
            [("company_id", "=", company.id), ("purchases", ">=", purchases.MINIMUM)],
            limit=_CLIENTS,
        )
        for start in range(0, len(found), _BATCH):
            clients = found[start : start + _BATCH].sudo()
            bought = Client.sudo()._purchase_lists(company, clients, today)
            for client in clients:
                days, _amounts = bought.get(client.id, ([], []))
                for each in purchases.back_test(days, today, company.usual_spread, _LOST_AFTER):
                    if since <= each.due_on <= today:
                        month = each.due_on.replace(day=1)
                        self._count(tallies[company.id, client.user_id.id, month], each)

    @staticmethod
    def _count(counts, each):
        is_caught = each.days_early is not None and each.days_early > 0
        facts = (
            1,
            each.is_warned,
            each.is_lost,
            is_caught,
            each.is_warned and not each.is_lost,
            each.days_early if is_caught else 0,
        )
        for place, fact in enumerate(facts):
            counts[place] += int(fact)

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums."""
        if aggregate_spec not in _RATIOS:
            return super()._read_group_select(aggregate_spec, query)
        factor, *names = _RATIOS[aggregate_spec]
        many, all_of_them = (self._field_to_sql(self._table, name, query) for name in names)
        return SQL("%s * SUM(%s) / NULLIF(SUM(%s), 0)", factor, many, all_of_them)
