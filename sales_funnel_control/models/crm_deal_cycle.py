from math import ceil

from odoo import api, fields, models
from odoo.tools import SQL, date_utils

from .crm_lead_stage_history import LEAD_CLASSES

# Of a hundred deals won, so many were won within the normal cycle.
_SHARE = 0.9
DEFAULT_NORMAL_DAYS = 90
DEFAULT_SAMPLE = 20
# The market of longer ago is another one; a shorter time leaves classes without a sample.
MONTHS = 24


class CrmDealCycle(models.Model):
    """The normal sales cycle of a team: how long deals that are won take.

    The cycle of a deal is the time it stood in the funnel of the team that won it. While it was
    refused or archived it did not stand there. Deals won in the last 24 months count, those that
    were entered as won do not. The normal cycle is the 90th percentile: whatever is older rarely
    closes.
    """

    _name = "crm.deal.cycle"
    _description = "Normal Sales Cycle"
    _order = "company_id, team_id, lead_class, id"
    _rec_name = "team_id"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade", index=True
    )
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True, ondelete="cascade")
    lead_class = fields.Selection(
        LEAD_CLASSES, readonly=True, help="Empty: deals of every class together."
    )
    median_days = fields.Integer(
        "Median, Days",
        readonly=True,
        aggregator=None,
        help="Half of the deals were won faster, half slower.",
    )
    normal_days = fields.Integer(
        "Normal Cycle, Days",
        readonly=True,
        aggregator=None,
        help="Nine of ten deals were won within this time.",
    )
    deals = fields.Integer(
        "Deals Won", readonly=True, aggregator=None, help="Deals won in the last 24 months."
    )
    is_sufficient = fields.Boolean(
        "Enough Deals",
        readonly=True,
        help="Where too few deals were won the cycle of the whole team counts, and where these "
        "are too few the one of the settings.",
    )
    computed_on = fields.Date(readonly=True, help="When these figures last changed.")

    _of_class_uniq = models.UniqueIndex(
        "(company_id, COALESCE(team_id, 0), COALESCE(lead_class, ''))",
        "A team has one normal cycle for each class.",
    )

    # -- computing ----------------------------------------------------------------------------

    @api.model
    def _cron_compute(self):
        """Compute the normal cycles from the deals won. Where nothing changed nothing is written.

        :return: how many cycles changed
        """
        Cycle = self.sudo()
        kept = {
            (cycle.company_id.id, cycle.team_id.id or None, cycle.lead_class or None): cycle
            for cycle in Cycle.search([("id", "!=", False)])
        }
        found = self._won_cycles()
        changed = 0
        for key, values in found.items():
            cycle = kept.get(key)
            if cycle and all(cycle[name] == value for name, value in values.items()):
                continue
            changed += 1
            values["computed_on"] = fields.Date.context_today(self)
            if cycle:
                cycle.write(values)
            else:
                names = ("company_id", "team_id", "lead_class")
                Cycle.create({**dict(zip(names, key, strict=True)), **values})
        gone = Cycle.union(*(cycle for key, cycle in kept.items() if key not in found))
        gone.unlink()
        return changed + len(gone)

    def _won_cycles(self):
        """Figures of every team and class that won: ``{(company, team, class): values}``."""
        ledger = self.env["crm.lead.stage.history"].sudo()
        ledger._catch_up()
        ledger._interpret()
        self.env["crm.lead"].flush_model(["won_status"])
        sample = self._sample()
        today = fields.Date.context_today(self)
        rows = self.env.execute_query(
            SQL(
                """
                  SELECT deal.company_id, deal.team_id, deal.lead_class, COUNT(*),
                         PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY deal.days),
                         PERCENTILE_CONT(%(share)s) WITHIN GROUP (ORDER BY deal.days)
                    FROM (%(deals)s) deal
                   WHERE deal.days > 0
                     AND deal.won_at >= %(since)s
                GROUP BY GROUPING SETS (
                             (deal.company_id, deal.team_id, deal.lead_class),
                             (deal.company_id, deal.team_id)
                         )
                  HAVING GROUPING(deal.lead_class) = 1 OR deal.lead_class IS NOT NULL
                """,
                share=_SHARE,
                deals=self._won_deals_sql(),
                since=date_utils.subtract(today, months=MONTHS),
            )
        )
        return {
            (company_id, team_id, lead_class): {
                "deals": deals,
                "median_days": ceil(median),
                "normal_days": ceil(normal),
                "is_sufficient": deals >= sample,
            }
            for company_id, team_id, lead_class, deals, median, normal in rows
        }

    def _won_deals_sql(self):
        """Deals that are won: the stay each was won in, ``stay_id``, and the days until then."""
        return SQL(
            """
              SELECT win.id AS stay_id, win.company_id, win.team_id, win.lead_class,
                     win.entered_at AS won_at, %s AS days
                FROM crm_lead_stage_history win
                JOIN crm_lead lead ON lead.id = win.lead_id AND lead.won_status = 'won'
               WHERE %s
            """,
            self._age_sql(SQL("win")),
            self.env["crm.lead.stage.history"]._is_win_sql(SQL("win")),
        )

    # -- what others ask ----------------------------------------------------------------------

    @api.model
    def _default_normal_days(self):
        """Days that count where too few deals were won."""
        parameter = self.env["ir.config_parameter"].sudo().get_param
        return int(parameter("sales_funnel_control.normal_cycle") or DEFAULT_NORMAL_DAYS)

    @api.model
    def _sample(self):
        """How many deals a figure needs."""
        parameter = self.env["ir.config_parameter"].sudo().get_param
        return int(parameter("sales_funnel_control.cycle_minimum") or DEFAULT_SAMPLE)

    @api.model
    def _age_sql(self, stay):
        """Days the opportunity of a stay has stood in the funnel of the stay's team.

        :param SQL stay: alias of a row of the ledger
        """
        return SQL(
            """
            (
                SELECT EXTRACT(
                           EPOCH FROM SUM(COALESCE(past.left_at, %(now)s) - past.entered_at)
                       ) / 86400
                  FROM crm_lead_stage_history past
                 WHERE past.lead_id = %(stay)s.lead_id
                   AND past.team_id IS NOT DISTINCT FROM %(stay)s.team_id
                   AND (past.stage_id = ANY(%(won)s)) IS NOT TRUE
            )
            """,
            stay=stay,
            now=fields.Datetime.now(),
            won=list(self.env["crm.stage"]._won_stage_ids()),
        )

    @api.model
    def _normal_sql(self, stay):
        """Normal days of the opportunity of a stay: of its class, its team, or of the settings.

        :param SQL stay: alias of a row of the ledger
        """
        return SQL(
            """
            COALESCE(
                (
                    SELECT cycle.normal_days
                      FROM crm_deal_cycle cycle
                     WHERE cycle.company_id = %(stay)s.company_id
                       AND cycle.team_id IS NOT DISTINCT FROM %(stay)s.team_id
                       AND cycle.is_sufficient
                       AND (
                           cycle.lead_class IS NULL
                           OR cycle.lead_class = (
                               SELECT deal.lead_class FROM crm_lead deal
                                WHERE deal.id = %(stay)s.lead_id
                           )
                       )
                  ORDER BY cycle.lead_class NULLS LAST
                     LIMIT 1
                ),
                %(default)s
            )
            """,
            stay=stay,
            default=self._default_normal_days(),
        )

    @api.model
    def _days_over_sql(self, stay):
        """Whole days by which the opportunity of a stay is past its normal cycle; else negative."""
        return SQL("(FLOOR(%s)::int - %s)", self._age_sql(stay), self._normal_sql(stay))

    @api.model
    def _flush_for_cycles(self):
        """Bring to the database what the SQL above reads."""
        self.env["crm.lead.stage.history"].sudo()._catch_up()
        self.env["crm.lead"].flush_model(["lead_class"])
        self.flush_model()
