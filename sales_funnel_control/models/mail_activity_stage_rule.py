from odoo import fields, models


class MailActivity(models.Model):
    """What was started by the rules of a stage."""

    _inherit = "mail.activity"

    rule_stage_id = fields.Many2one(
        "crm.stage",
        "Rule of the Stage",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The activity was started when the opportunity came to this stage.",
    )
    plan_line_id = fields.Many2one(
        "mail.activity.plan.template",
        "Step of the Plan",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
