from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

KINDS = [
    ("outgoing_call", "Outgoing Call"),
    ("incoming_call", "Incoming Call"),
    ("meeting", "Meeting"),
    ("visit", "Visit"),
    ("warm_contact", "Warm Contact"),
    ("material", "Material Sent"),
]
CALLS = ("outgoing_call", "incoming_call")

COUNTS_AS = [
    ("effective_call", "Effective Call"),
    ("held_meeting", "Held Meeting"),
    ("productive_meeting", "Productive Meeting"),
    ("warm_contact", "Warm Contact"),
    ("visit", "Visit"),
]

COUNT_NOTES = [
    ("material", "Material sent is no talk: it counts towards no norm."),
    ("not_in_person", "You did not talk to the person themselves."),
    ("no_person", "Say with whom you talked."),
    ("not_decision_maker", "The person is not marked as a decision maker."),
    ("no_full_name", "The person's first and last name are not both known."),
    ("no_position", "The person's position is not known."),
    ("same_day", "A call with this decision maker counts on this day already."),
    (
        "too_many_people",
        "Calls with five other decision makers of the organisation count this year already.",
    ),
    ("no_deal", "Choose the deal: a meeting needs its questionnaire."),
    ("questionnaire", "The needs questionnaire of the deal is not complete."),
    ("not_client", "Not an existing client: nothing was bought before that day."),
    ("not_interested", "Held, not productive: the client was not interested."),
    ("no_progress", "Held, not productive: no progress with a date was agreed."),
    ("progress_past", "Held, not productive: the progress is due before the meeting."),
    ("progress_too_late", "Held, not productive: the progress is due in more than a month."),
]

# What the system decides or takes down itself.
_SYSTEM_FIELDS = {
    "counts_as",
    "count_note",
    "day",
    "grade",
    "had_deal",
    "had_full_name",
    "had_questionnaire",
    "organisation_id",
    "person_key",
    "place",
    "position",
    "sales_role",
    "stage_id",
    "team_id",
    "was_client",
    "was_decision_maker",
    "week_start",
}
# What a contact counts as depends on these.
_COUNTING_FIELDS = {
    "company_id",
    "contact_id",
    "date",
    "is_in_person",
    "is_interested",
    "kind",
    "lead_id",
    "partner_id",
    "progress",
    "progress_date",
    "state",
    "user_id",
}


class CrmContactLog(models.Model):
    """Contacts with clients: who talked to whom, what was agreed, and what it counts as.

    What it counts as is decided in :mod:`.crm_contact_log_count`, by the circumstances of the
    moment (:mod:`.crm_contact_log_circumstances`).
    """

    _name = "crm.contact.log"
    _inherit = "crm.contact.entry.mixin"
    _description = "Contact with a Client"
    _order = "date desc, id desc"
    _check_company_auto = True

    kind = fields.Selection(KINDS, required=True, default="outgoing_call")
    date = fields.Datetime(
        "When", required=True, default=fields.Datetime.now, help="When you talked to the client."
    )
    user_id = fields.Many2one(
        "res.users",
        "Manager",
        required=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
    )
    lead_id = fields.Many2one(
        "crm.lead", "Deal", ondelete="set null", check_company=True, index="btree_not_null"
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Client",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="set null",
        index="btree_not_null",
        help="The organisation, or the person who is a client.",
    )
    contact_id = fields.Many2one(
        "res.partner",
        "With Whom",
        compute="_compute_contact_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="set null",
        index="btree_not_null",
        help="The person you talked to.",
    )
    state = fields.Selection(
        [("to_confirm", "To Be Confirmed"), ("done", "Logged")],
        "Status",
        default="done",
        required=True,
        help="Calls and meetings that Odoo knows of wait to be confirmed; they count from then on.",
    )

    counts_as = fields.Selection(
        COUNTS_AS,
        readonly=True,
        copy=False,
        help="What the contact counts as towards the norms. Decided by the system.",
    )
    count_note = fields.Selection(
        COUNT_NOTES,
        "Why It Does Not Count",
        readonly=True,
        copy=False,
        help="What the contact lacks to count, or to count for more.",
    )
    place = fields.Integer(
        readonly=True,
        copy=False,
        aggregator=None,
        help="On the first call that counts with a decision maker in a year: which of the "
        "organisation's decision makers it is.",
    )

    # The rules of the calls, kept by the database also where two are logged at the same time.
    _one_call_a_day = models.UniqueIndex(
        "(company_id, contact_id, day) WHERE counts_as = 'effective_call'"
    )
    _one_place_each = models.UniqueIndex(
        "(company_id, organisation_id, contact_id, date_part('year', day)) WHERE place IS NOT NULL"
    )
    _five_places = models.UniqueIndex(
        "(company_id, organisation_id, place, date_part('year', day)) WHERE place IS NOT NULL"
    )
    _place_range = models.Constraint(
        "CHECK (place BETWEEN 1 AND 5)", "An organisation has five places for decision makers."
    )
    _organisation_idx = models.Index("(organisation_id, day)")
    _user_idx = models.Index("(user_id, date)")
    _week_idx = models.Index("(week_start, user_id) INCLUDE (team_id, counts_as, kind, company_id)")

    # -- computes -----------------------------------------------------------------------------

    @api.depends("contact_id", "lead_id")
    def _compute_partner_id(self):
        for log in self:
            person = log.contact_id or log.lead_id.partner_id
            log.partner_id = person.commercial_partner_id or log.partner_id

    @api.depends("lead_id")
    def _compute_contact_id(self):
        for log in self:
            person = log.lead_id.partner_id
            log.contact_id = log.contact_id or (person if not person.is_company else False)

    @api.depends("kind", "contact_id", "partner_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for log in self:
            who = (log.contact_id or log.partner_id or log.lead_id).display_name
            log.display_name = f"{kinds[log.kind]}: {who}" if who and log.kind else who

    @api.constrains("date", "state")
    def _check_date(self):
        now = fields.Datetime.now()
        if any(log.state == "done" and log.date > now for log in self):
            raise ValidationError(
                self.env._("A contact is logged when it has happened. Plan an activity for later.")
            )

    @api.constrains("lead_id", "partner_id", "contact_id", "state")
    def _check_client(self):
        for log in self:
            if log.state == "done" and not (log.lead_id or log.partner_id or log.contact_id):
                raise ValidationError(
                    self.env._("Say whom the contact was with: a deal, a client or a person.")
                )

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        defaults = {name.removeprefix("default_") for name in self.env.context}
        self._check_not_system(defaults.union(*vals_list))
        logs = super().create(vals_list)
        logs.sudo()._count()
        return logs

    def write(self, vals):
        self._check_not_system(vals)
        if _COUNTING_FIELDS.isdisjoint(vals):
            return super().write(vals)
        former = self.sudo()._scopes()
        # On its way to another day or person, a call must not stand against one that is there.
        self.filtered("counts_as").sudo()._without_counts()
        result = super().write(vals)
        self.sudo()._count(former)
        return result

    def unlink(self):
        former = self.sudo()._scopes()
        result = super().unlink()
        self.sudo().browse()._count(former)
        return result

    def _check_not_system(self, names):
        if not self.env.su and not _SYSTEM_FIELDS.isdisjoint(names):
            raise AccessError(
                self.env._(
                    "What a contact counts as, and the circumstances it is judged by, are taken "
                    "down by the system. Leave out: %(fields)s.",
                    fields=", ".join(sorted(_SYSTEM_FIELDS.intersection(names))),
                )
            )
