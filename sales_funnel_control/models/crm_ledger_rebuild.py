from odoo import api, fields, models


class CrmLedgerRebuild(models.Model):
    """A run that rebuilds the past of leads from the chatter, batch by batch, in the background."""

    _name = "crm.ledger.rebuild"
    _inherit = "crm.run.mixin"
    _description = "Ledger Rebuild"
    _rec_name = "create_date"
    _run_cron = "ir_cron_rebuild_ledger"

    team_ids = fields.Many2many(
        "crm.team", string="Sales Teams", help="Leave empty to rebuild all teams."
    )
    total = fields.Integer("Opportunities")
    done = fields.Integer("Rebuilt")

    def _remaining_count(self):
        return len(self._remaining_lead_ids())

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
