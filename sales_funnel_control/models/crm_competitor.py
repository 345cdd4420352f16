from odoo import fields, models


class CrmCompetitor(models.Model):
    """A supplier to whom clients go instead."""

    _name = "crm.competitor"
    _description = "Competitor"
    _order = "name"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)

    _name_uniq = models.UniqueIndex("(lower(name))", "This competitor is on the list already.")
