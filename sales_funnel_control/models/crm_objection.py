from odoo import api, fields, models
from odoo.fields import Domain


class CrmObjection(models.Model):
    """The playbook: what clients say, what it usually means, how to answer."""

    _name = "crm.objection"
    _description = "Objection"
    _order = "sequence, id"
    _rec_names_search = ["name", "meaning"]

    sequence = fields.Integer(default=10)
    name = fields.Char("What Clients Say", required=True, translate=True)
    meaning = fields.Text("What It Usually Means", translate=True)
    answer = fields.Text("How to Answer", required=True, translate=True)
    stage_ids = fields.Many2many(
        "crm.stage", string="Stages", help="Where it is heard. Empty: on every stage."
    )
    lost_reason_ids = fields.Many2many(
        "crm.lost.reason",
        string="Lost Reasons",
        help="Shown beside the refusal when one of these reasons is chosen.",
    )
    active = fields.Boolean(default=True)

    @api.model
    def _heard_on(self, stages):
        """Objections at hand on some stages; those without a stage are, on every one."""
        return self.search(Domain("stage_ids", "=", False) | Domain("stage_ids", "in", stages.ids))
