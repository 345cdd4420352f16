from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

# The reference funnels: name, target into the stage (%), work block, normal days, is won.
_REFERENCE = {
    "active": (
        (_lt("Client List"), 0, "1", 7, False),
        (_lt("Acquaintance"), 100, "1", 7, False),
        (_lt("Presentation"), 80, "2", 10, False),
        (_lt("Contract"), 80, "3", 14, False),
        (_lt("Payment"), 95, "3", 0, True),
    ),
    "proactive": (
        (_lt("Base Analysis"), 0, "1", 14, False),
        (_lt("Warm Contact"), 90, "2", 10, False),
        (_lt("Visit"), 70, "2", 14, False),
        (_lt("Offer"), 80, "3", 14, False),
        (_lt("Repeat Purchase"), 80, "3", 0, True),
    ),
}


class CrmFunnelBuilder(models.TransientModel):
    """Builds the reference funnel for a team that has no stages of its own yet."""

    _name = "crm.funnel.builder"
    _description = "Build a Funnel"

    team_id = fields.Many2one("crm.team", "Sales Team", required=True, ondelete="cascade")
    funnel_kind = fields.Selection(
        [("active", "Active"), ("proactive", "Proactive")],
        "Funnel",
        required=True,
        default="active",
    )
    line_ids = fields.One2many(
        "crm.funnel.builder.line",
        "builder_id",
        "Stages",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.depends("funnel_kind")
    def _compute_line_ids(self):
        for builder in self:
            builder.line_ids = [
                Command.clear(),
                *(
                    Command.create(
                        {
                            "sequence": place,
                            "name": self.env._(name),
                            "target_rate": target_rate,
                            "work_block": work_block,
                            "normal_days": normal_days,
                            "is_won": is_won,
                        }
                    )
                    for place, (name, target_rate, work_block, normal_days, is_won) in enumerate(
                        _REFERENCE.get(builder.funnel_kind, ()), 1
                    )
                ),
            ]

    def action_build(self):
        """Create the stages for the team and make them its funnel. Touches no existing stage.

        :raise UserError: without a team, or when it has stages of its own already
        :raise ValidationError: when the last stage is not the won one
        """
        self.ensure_one()
        if not self.team_id:
            # Stages without a team are everybody's.
            raise UserError(self.env._("Choose the team that the funnel is for."))
        own = self.env["crm.stage"].search([("team_ids", "in", self.team_id.ids)], limit=1)
        if own:
            raise UserError(
                self.env._(
                    "The team %(team)s has stages of its own already, “%(stage)s” for one. "
                    "A funnel is built for a new team only; edit the stages instead.",
                    team=self.team_id.display_name,
                    stage=own.display_name,
                )
            )
        lines = self.line_ids.sorted("sequence")
        if len(lines) < 2 or lines[-1:].is_won is False or any(lines[:-1].mapped("is_won")):
            raise ValidationError(
                self.env._("A funnel needs two stages at least, and the last one is the won one.")
            )
        stages = self.env["crm.stage"].create(
            [
                {
                    "name": line.name,
                    "sequence": place,
                    "target_rate": line.target_rate,
                    "work_block": line.work_block,
                    "normal_days": line.normal_days,
                    "is_won": line.is_won,
                    "team_ids": [Command.set(self.team_id.ids)],
                }
                for place, line in enumerate(lines, 1)
            ]
        )
        self._translate_names(stages)
        self.team_id.write({"funnel_kind": self.funnel_kind, "has_own_funnel": True})
        return {"type": "ir.actions.act_window_close"}

    def _translate_names(self, stages):
        """Name the stages that kept their reference names in every installed language."""
        reference = {self.env._(name): name for name, *_rest in _REFERENCE[self.funnel_kind]}
        for code, _name in self.env["res.lang"].get_installed():
            for stage in stages:
                if name := reference.get(stage.name):
                    translated = self.with_context(lang=code)
                    stage.with_context(lang=code).name = translated.env._(name)


class CrmFunnelBuilderLine(models.TransientModel):
    _name = "crm.funnel.builder.line"
    _description = "Stage of a Funnel to Build"
    _order = "sequence, id"

    builder_id = fields.Many2one("crm.funnel.builder", required=True, ondelete="cascade")
    sequence = fields.Integer()
    name = fields.Char("Stage", required=True)
    target_rate = fields.Float("Target, %")
    work_block = fields.Selection(
        lambda self: self.env["crm.stage"]._fields["work_block"]._description_selection(self.env)
    )
    normal_days = fields.Integer()
    is_won = fields.Boolean("Won")
