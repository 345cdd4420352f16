from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

# Counts for teams that hand refusals on by hand only.
_USUAL_DAYS = 14


class CrmRefusalExchange(models.TransientModel):
    """Hand refused clients to other managers: a proposal to look through, then one button."""

    _name = "crm.refusal.exchange"
    _description = "Exchange of Refusals"

    line_ids = fields.One2many("crm.refusal.exchange.line", "exchange_id", "Clients")
    skipped_note = fields.Char(readonly=True)

    def action_pick(self):
        """Add what the teams' rules would hand on: old enough, and of a reason that allows it."""
        self.ensure_one()
        Refusal = self.env["crm.lead.refusal"]
        teams = self.env["crm.team"].search([("use_opportunities", "=", True)])
        picked = Refusal.browse(
            refusal.id
            for team in teams
            for refusal in Refusal._picked_by_rule(team, default_days=_USUAL_DAYS)
        )
        self._propose(picked - self.line_ids.refusal_id)
        return self._open()

    def action_hand_over(self):
        """Hand every client of the list to the manager beside it.

        :return: window action on the opportunities of the second try
        """
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("There is nobody on the list. Pick refusals first."))
        managers = {line.refusal_id.sudo(): line.user_id for line in self.line_ids}
        refusals = self.line_ids.refusal_id
        refusals.check_access("write")
        refusals._check_may_rule()
        refusals.sudo()._hand_over(managers)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Second Tries"),
            "res_model": "crm.lead",
            "views": [[False, "list"], [False, "form"]],
            "domain": [("id", "in", refusals.return_lead_id.ids)],
        }

    def _propose(self, refusals):
        """Fill the list by rotation; say whom nobody can be found for."""
        free = refusals.filtered_domain(refusals._exchangeable_domain()).sudo()._free()
        proposals = free._rotation()
        self.line_ids = [
            Command.create({"refusal_id": refusal.id, "user_id": user.id})
            for refusal, user in proposals.items()
        ]
        skipped = len(refusals) - len(proposals)
        self.skipped_note = skipped and self.env._(
            "%(count)s left out: handed on, returned to, worked or blacklisted already, "
            "or nobody else of the role is left to try.",
            count=skipped,
        )

    def _open(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hand to Other Managers"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [[False, "form"]],
            "target": "new",
        }


class CrmRefusalExchangeLine(models.TransientModel):
    _name = "crm.refusal.exchange.line"
    _description = "Exchange of Refusals: Client"

    exchange_id = fields.Many2one("crm.refusal.exchange", required=True, ondelete="cascade")
    refusal_id = fields.Many2one("crm.lead.refusal", required=True, ondelete="cascade")
    client = fields.Char(related="refusal_id.lead_name", related_sudo=False)
    refused_at = fields.Datetime(related="refusal_id.refused_at", related_sudo=False)
    lost_reason_id = fields.Many2one(related="refusal_id.lost_reason_id", related_sudo=False)
    former_user_id = fields.Many2one(
        related="refusal_id.user_id", related_sudo=False, string="First Try"
    )
    team_id = fields.Many2one(related="refusal_id.team_id", related_sudo=False)
    user_id = fields.Many2one(
        "res.users",
        "Second Try",
        required=True,
        domain="[('share', '=', False), ('crm_team_ids', 'in', team_id)]",
    )
