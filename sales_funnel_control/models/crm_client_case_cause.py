from odoo import fields, models


class CrmClientCaseCause(models.Model):
    """Why clients are dissatisfied."""

    _name = "crm.client.case.cause"
    _description = "Cause of Dissatisfaction"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
