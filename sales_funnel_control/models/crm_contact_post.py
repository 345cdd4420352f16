from odoo import fields, models

from .res_partner_decision_maker import DECISION_ROLES


class CrmContactPost(models.Model):
    """What a person was before: written by the system when a person's company or position changes.

    Contacts and deals stay with the person, so that who changes company keeps the history.
    """

    _name = "crm.contact.post"
    _description = "Former Position of a Person"
    _order = "date_to desc, id desc"
    _rec_name = "position"

    person_id = fields.Many2one("res.partner", required=True, ondelete="cascade", index=True)
    organisation_id = fields.Many2one("res.partner", ondelete="cascade", index="btree_not_null")
    position = fields.Char()
    was_decision_maker = fields.Boolean("Decision Maker")
    decision_role = fields.Selection(DECISION_ROLES, "Role in the Decision")
    date_from = fields.Date("From")
    date_to = fields.Date("Until", required=True)
    present_organisation_id = fields.Many2one(related="person_id.commercial_partner_id")
