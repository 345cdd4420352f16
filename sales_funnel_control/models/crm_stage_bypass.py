from odoo import api, fields, models
from odoo.http import request

_RPC_PATHS = ("/json/", "/jsonrpc", "/xmlrpc")


class CrmStageBypass(models.Model):
    """Deals that passed a gate without what it asks for: who let them, how and why."""

    _name = "crm.stage.bypass"
    _description = "Gate Passed"
    _order = "passed_at desc, id desc"
    _rec_name = "lead_name"

    lead_id = fields.Many2one("crm.lead", "Opportunity", ondelete="set null", readonly=True)
    lead_name = fields.Char("Opportunity Name", readonly=True)
    from_stage_id = fields.Many2one("crm.stage", "Came From", ondelete="set null", readonly=True)
    stage_id = fields.Many2one(
        "crm.stage",
        "Gate",
        ondelete="set null",
        readonly=True,
        help="The stage whose gate was passed: the one entered, or one jumped over.",
    )
    missing = fields.Text(readonly=True, help="What the deal missed at the time.")
    user_id = fields.Many2one(
        "res.users", "Passed by", ondelete="set null", readonly=True, help="Who moved the deal."
    )
    manager_id = fields.Many2one(
        "res.users", ondelete="set null", readonly=True, help="Whose deal it was."
    )
    team_id = fields.Many2one("crm.team", "Sales Team", ondelete="set null", readonly=True)
    company_id = fields.Many2one("res.company", ondelete="cascade", readonly=True)
    passed_at = fields.Datetime("Passed", required=True, readonly=True)
    how = fields.Selection(
        [
            ("override", "Let Pass with a Reason"),
            ("team_change", "Came with Another Team"),
            ("assignment", "Assigned by Rule"),
            ("off", "Gates Were Off"),
        ],
        required=True,
        readonly=True,
    )
    channel = fields.Selection(
        [
            ("web", "Web Client"),
            ("import", "Import"),
            ("rpc", "Other Program"),
            ("portal", "Portal or Website"),
            ("automation", "Automation"),
        ],
        required=True,
        readonly=True,
    )
    reason = fields.Char(readonly=True)

    _lead_idx = models.Index("(lead_id)")
    _passed_idx = models.Index("(passed_at)")

    @api.model
    def _note(self, gaps, how, reason, former):
        """Write down that leads passed gates: one row for each lead and gate.

        :param dict gaps: list of gaps by lead
        :param dict former: place of the lead before, by lead id
        """
        now = fields.Datetime.now()
        channel = self._channel()
        rows = []
        for lead, missing in gaps.items():
            place = former.get(lead.id)
            for stage_id in dict.fromkeys(gap.stage_id for gap in missing):
                labels = [gap.label for gap in missing if gap.stage_id == stage_id]
                rows.append(
                    {
                        "lead_id": lead.id,
                        "lead_name": lead.sudo().display_name,
                        "from_stage_id": place.stage_id if place else False,
                        "stage_id": stage_id,
                        "missing": ", ".join(labels),
                        "user_id": self.env.uid,
                        "manager_id": lead.user_id.id,
                        "team_id": lead.team_id.id,
                        "company_id": (lead.company_id or self.env.company).id,
                        "passed_at": now,
                        "how": how,
                        "channel": channel,
                        "reason": reason,
                    }
                )
        return self.create(rows)

    @api.model
    def _channel(self):
        """By which way the move came in."""
        if "_import_current_module" in self.env.context:
            return "import"
        if not request:
            return "automation"
        if not self.env.user._is_internal():
            return "portal"
        path = request.httprequest.path
        return "rpc" if path.startswith(_RPC_PATHS) else "web"
