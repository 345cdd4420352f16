from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmLedgerRebuild(models.Model):
    """A run that rebuilds the past of leads from the chatter, batch by batch, in the background."""

    _name = "crm.ledger.rebuild"
    _description = "Ledger Rebuild"
    _order = "id desc"
    _rec_name = "create_date"

    team_ids = fields.Many2many(
        "crm.team", string="Sales Teams", help="Leave empty to rebuild all teams."
    )
    state = fields.Selection(
        [
            ("draft", "New"),
            ("running", "Running"),
            ("done", "Done"),
            ("cancelled", "Stopped"),
        ],
        "Status",
        default="draft",
        required=True,
        readonly=True,
    )
    total = fields.Integer("Opportunities", readonly=True)
    done = fields.Integer("Rebuilt", readonly=True)
    last_lead_id = fields.Integer(readonly=True)
    progress = fields.Float("Progress, %", compute="_compute_progress")

    @api.depends("total", "done", "state")
    def _compute_progress(self):
        for run in self:
            finished = run.state == "done"
            run.progress = 100 * run.done / run.total if run.total else 100 * finished

    def action_start(self):
        """Begin, or go on after a stop where the run stood."""
        for run in self:
            if run.state in ("running", "done"):
                raise UserError(self.env._("This rebuild has been started already."))
            run.total = run.done + len(run._remaining_lead_ids())
            run.state = "running"
        self.env.ref("sales_funnel_control.ir_cron_rebuild_ledger")._trigger()
        return True

    def action_stop(self):
        """Stop after the present batch. What is rebuilt stays rebuilt."""
        self.filtered(lambda run: run.state == "running").state = "cancelled"
        return True

    def _remaining_lead_ids(self):
        history = self.env["crm.lead.stage.history"].sudo()
        lead_ids = history._leads_to_rebuild(self.team_ids or None)
        return [lead_id for lead_id in lead_ids if lead_id > self.last_lead_id]

    @api.model
    def _cron_rebuild(self):
        """Work off the runs that are started, committing after every batch."""
        history = self.env["crm.lead.stage.history"].sudo()
        cron = self.env["ir.cron"]
        for run in self.search([("state", "=", "running")], order="id"):
            lead_ids = run._remaining_lead_ids()
            size = history._BACKFILL_BATCH
            for start in range(0, len(lead_ids), size):
                run.invalidate_recordset(["state"])
                if run.state != "running":
                    break
                batch = lead_ids[start : start + size]
                history._backfill(batch)
                run.write({"done": run.done + len(batch), "last_lead_id": batch[-1]})
                remaining = len(lead_ids) - start - len(batch)
                if not cron._commit_progress(len(batch), remaining=remaining):
                    return
            if run.state == "running":
                run.state = "done"
