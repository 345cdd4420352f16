import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

_KEPT_DAYS = 90

_logger = logging.getLogger(__name__)


class CrmClientRun(models.Model):
    """The nightly run over the client base of a company: step by step, batch by batch.

    Each batch is committed with the place it reached, so that a run that is stopped goes on there.
    """

    _name = "crm.client.run"
    _description = "Nightly Run Over the Client Base"
    _order = "day DESC, id DESC"
    _rec_name = "day"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    day = fields.Date(required=True, readonly=True)
    step = fields.Char(readonly=True, help="The step the run is at; empty when it is through.")
    last_id = fields.Integer("Came to", readonly=True)
    clients_written = fields.Integer(readonly=True, help="Clients that this run changed.")
    finished_at = fields.Datetime(readonly=True)
    has_marks = fields.Boolean(readonly=True)
    revenue = fields.Float(
        "Revenue, 12 Months",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="Of all clients; a client's share is counted of it until the next run.",
    )
    revenue_a = fields.Float(
        "A from",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="Revenue from which a client is A by its share.",
    )
    revenue_b = fields.Float(
        "B from",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="Revenue from which a client is B by its share.",
    )

    _of_day_uniq = models.UniqueIndex(
        "(company_id, day)", "The client base of a company is gone over once a day."
    )

    @api.model
    def _cron_nightly(self):
        """Go over the client base of every company that was not gone over today."""
        runs = self._runs_of_today()
        # What is rolled back with one run are not the others.
        if not self.env["ir.cron"]._commit_progress(remaining=len(runs)):
            return
        for number, run in enumerate(runs, 1):
            try:
                if not run._go_on(remaining=len(runs) - number):
                    return
            except UserError:
                # What stops one company's run does not stop the others'.
                self.env.cr.rollback()
                _logger.exception("The client base of company %s", run.company_id.id)

    def _runs_of_today(self):
        """The runs of today that are not through; those of other days that were not are dropped.

        A run that came past midnight is dropped, too: the figures are of another day by then.
        """
        runs = self.sudo()
        companies = self.env["res.company"].sudo().search([("id", "!=", False)])
        for company in companies:
            today = company._funnel_today()
            self.sudo().search(
                [
                    ("company_id", "=", company.id),
                    ("day", "<", today),
                    ("finished_at", "=", False),
                ]
            ).unlink()
            known = self.sudo().search([("company_id", "=", company.id), ("day", "=", today)])
            runs |= known or self.sudo().create({"company_id": company.id, "day": today})
        return runs.filtered(lambda run: not run.finished_at)

    def _go_on(self, remaining):
        """Work off what is left of the run, committing each batch.

        :param remaining: runs that wait behind it
        :return: whether there is time left
        """
        cron = self.env["ir.cron"]
        for _batch in self._batches():
            if not cron._commit_progress(1, remaining=remaining + 1):
                return False
        return bool(cron._commit_progress(1, remaining=remaining))

    @api.model
    def _go_over(self, company):
        """Go over the client base of a company at once, within the present transaction."""
        run = self.sudo().search(
            [("company_id", "=", company.id), ("day", "=", company._funnel_today())]
        )
        values = {"step": False, "last_id": 0, "finished_at": False}
        if run:
            run.write(values)
        else:
            run = self.sudo().create(
                {"company_id": company.id, "day": company._funnel_today(), **values}
            )
        for _batch in run._batches():
            continue
        return run

    def _batches(self):
        """Do what is left of the run; yields after each batch, when the place is noted.

        A step that is through is noted as that: the place is the beginning of the next one.
        """
        Client = self.env["crm.client"].sudo()
        steps = Client._nightly_steps()
        place = steps.index(self.step) if self.step in steps else 0
        last_id = self.last_id if self.step in steps else 0
        while place < len(steps):
            self.env["crm.lead.stage.history"]._interpret()
            last_id, written = getattr(Client, f"_nightly_{steps[place]}")(self.company_id, last_id)
            place += last_id is None
            last_id = last_id or 0
            is_through = place == len(steps)
            self.write(
                {
                    "step": not is_through and steps[place],
                    "last_id": last_id,
                    "clients_written": self.clients_written + written,
                    "finished_at": is_through and fields.Datetime.now(),
                }
            )
            if is_through and not self.company_id.client_base_since:
                self.company_id.client_base_since = self.day
            yield

    @api.autovacuum
    def _gc_runs(self):
        """Runs of long ago tell nobody anything; the last one of a company stays."""
        latest = self.sudo()._read_group([], ["company_id"], ["id:max"])
        last_ids = [last_id for _company, last_id in latest]
        limit = fields.Date.subtract(fields.Date.today(), days=_KEPT_DAYS)
        self.sudo().search([("day", "<", limit), ("id", "not in", last_ids)]).unlink()
