from odoo import api, fields, models

from .res_partner_decision_maker import DECISION_ROLES


class CrmContactEntryMixin(models.AbstractModel):
    """What is typed while a contact is logged: what came of it, who the person is, what comes next.

    Models that inherit it have a ``contact_id``.
    """

    _name = "crm.contact.entry.mixin"
    _description = "Contact Being Logged"

    is_in_person = fields.Boolean(
        "Talked to Them",
        default=True,
        help="You talked to the person themselves, not to somebody who answered for them.",
    )
    result = fields.Char(help="What came out of it, in one sentence.")
    is_interested = fields.Boolean("Client Interested")
    progress = fields.Char(
        "Progress Agreed",
        help="The joint next action the client agreed to: a proposal, a survey on site, "
        "a commercial offer, another meeting.",
    )
    progress_date = fields.Date("Progress Due")

    contact_is_decision_maker = fields.Boolean(
        "Decision Maker",
        compute="_compute_contact_is_decision_maker",
        inverse="_inverse_contact_role",
        help="This person decides on the purchase. It is kept on the contact person.",
    )
    contact_decision_role = fields.Selection(
        DECISION_ROLES,
        "Role in the Decision",
        compute="_compute_contact_decision_role",
        inverse="_inverse_contact_role",
        help="What the person's word means. It is kept on the contact person.",
    )
    contact_function = fields.Char(
        "Position Held",
        compute="_compute_contact_function",
        inverse="_inverse_contact_role",
        help="The person's position. It is kept on the contact person.",
    )
    next_step_type_id = fields.Many2one(
        "mail.activity.type",
        "Next Step",
        ondelete="set null",
        domain="[('res_model', 'in', (False, 'crm.lead')), ('category', '!=', 'upload_file')]",
        help="Planned as an activity when the contact is saved.",
    )
    next_step_summary = fields.Char("What Is To Be Done")
    next_step_date = fields.Date(
        "Next Step Due",
        compute="_compute_next_step_date",
        store=True,
        readonly=False,
        precompute=True,
    )

    # One method each: writing one of them must not empty the others.
    @api.depends("contact_id.is_decision_maker")
    def _compute_contact_is_decision_maker(self):
        for entry in self:
            entry.contact_is_decision_maker = entry.contact_id.is_decision_maker

    @api.depends("contact_id.decision_role")
    def _compute_contact_decision_role(self):
        for entry in self:
            entry.contact_decision_role = entry.contact_id.decision_role

    @api.depends("contact_id.function")
    def _compute_contact_function(self):
        for entry in self:
            entry.contact_function = entry.contact_id.function

    def _inverse_contact_role(self):
        """Keep on the person what was not known yet; a position is never taken away here."""
        for entry in self.filtered("contact_id"):
            person = entry.contact_id
            values = {}
            if person.is_decision_maker != entry.contact_is_decision_maker:
                values["is_decision_maker"] = entry.contact_is_decision_maker
            if person.decision_role != entry.contact_decision_role:
                values["decision_role"] = entry.contact_decision_role
            if entry.contact_function and entry.contact_function != person.function:
                values["function"] = entry.contact_function
            if values:
                person.write(values)

    @api.depends("next_step_type_id")
    def _compute_next_step_date(self):
        for entry in self:
            kind = entry.next_step_type_id
            entry.next_step_date = kind and kind._get_date_deadline() or entry.next_step_date

    @api.model
    def _persons_of(self, client):
        """The people of a client, decision makers first."""
        return self.env["res.partner"].search(
            [("commercial_partner_id", "in", client.ids), ("is_company", "=", False)],
            order="is_decision_maker DESC, id",
        )

    @api.model
    def _likely_person(self, lead, client):
        """Whom a manager most likely talked to: the one of last time, else the one who decides.

        :return: a person, or none where it is anybody's guess
        """
        if lead.partner_id and not lead.partner_id.is_company:
            return lead.partner_id
        if not client:
            return client
        latest = self.env["crm.contact.log"].search(
            [
                ("partner_id", "=", client.id),
                ("contact_id.active", "=", True),
                ("contact_id.commercial_partner_id", "=", client.id),
                ("state", "=", "done"),
            ],
            limit=1,
        )
        if latest:
            return latest.contact_id
        persons = self._persons_of(client)
        deciding = persons.filtered("is_decision_maker")
        return next((some for some in (deciding, persons) if len(some) == 1), persons.browse())
