from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..tools.contacts import is_full_name
from .crm_team_member import GRADES, SALES_ROLES

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

    The manager's team and role, the person's position and the like are those of the moment: they
    are taken down when a contact is logged, and anew when it is edited.
    """

    _name = "crm.contact.log"
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
    state = fields.Selection(
        [("to_confirm", "To Be Confirmed"), ("done", "Logged")],
        "Status",
        default="done",
        required=True,
        help="Calls and meetings that Odoo knows of wait to be confirmed; they count from then on.",
    )

    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        precompute=True,
        required=True,
    )
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        compute="_compute_team_id",
        store=True,
        precompute=True,
        ondelete="set null",
        help="The team the manager worked for: the deal's, or the manager's own.",
    )
    sales_role = fields.Selection(
        SALES_ROLES, "Role", compute="_compute_role", store=True, precompute=True
    )
    grade = fields.Selection(GRADES, compute="_compute_role", store=True, precompute=True)
    stage_id = fields.Many2one(
        "crm.stage",
        compute="_compute_stage_id",
        store=True,
        precompute=True,
        ondelete="set null",
        help="The stage the deal stood on when the contact was logged.",
    )
    day = fields.Date(
        compute="_compute_day",
        store=True,
        precompute=True,
        help="The day of the contact in the company's time zone.",
    )
    week_start = fields.Date(
        "Week",
        compute="_compute_day",
        store=True,
        precompute=True,
        help="Monday of the week of the contact, in the company's time zone.",
    )
    organisation_id = fields.Many2one(
        "res.partner",
        "Organisation at the Time",
        compute="_compute_person",
        store=True,
        precompute=True,
        ondelete="set null",
        help="The company the person belonged to at the time.",
    )
    position = fields.Char(
        "Position at the Time",
        compute="_compute_person",
        store=True,
        precompute=True,
        help="The person's position at the time.",
    )
    was_decision_maker = fields.Boolean(compute="_compute_person", store=True, precompute=True)
    had_full_name = fields.Boolean(compute="_compute_person", store=True, precompute=True)
    person_key = fields.Integer(
        compute="_compute_person",
        store=True,
        precompute=True,
        aggregator=None,
        help="Tells persons apart, also after they were deleted.",
    )
    had_deal = fields.Boolean(compute="_compute_had_questionnaire", store=True, precompute=True)
    had_questionnaire = fields.Boolean(
        compute="_compute_had_questionnaire", store=True, precompute=True
    )
    was_client = fields.Boolean(compute="_compute_was_client", store=True, precompute=True)

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

    @api.depends("lead_id", "user_id", "team_id")
    def _compute_company_id(self):
        """The deal's, else the one the manager works for, as in ledger and norms."""
        for log in self:
            works_for = log.team_id.company_id or log.user_id.sudo().company_id
            is_open = works_for in self.env.companies
            log.company_id = log.lead_id.company_id or (works_for if is_open else self.env.company)

    @api.depends("lead_id", "user_id")
    def _compute_team_id(self):
        for log in self:
            user, team = log.user_id, log.lead_id.team_id
            is_own = team and team in user.sudo().crm_team_ids
            log.team_id = team if is_own else user.sudo().sale_team_id or team

    @api.depends("user_id", "team_id", "company_id")
    def _compute_role(self):
        keys = {log: (log.team_id.id, log.user_id.id, log.company_id.id or None) for log in self}
        found = self.env["crm.lead.stage.history"].sudo()._circumstances(list(keys.values()))
        for log, key in keys.items():
            log.sales_role, log.grade = found[key].sales_role, found[key].grade

    @api.depends("lead_id")
    def _compute_stage_id(self):
        for log in self:
            log.stage_id = log.lead_id.stage_id

    @api.depends("date", "company_id")
    def _compute_day(self):
        for log in self:
            log.day = log.date and (log.company_id or self.env.company)._funnel_date(log.date)
            log.week_start = log.day and fields.Date.start_of(log.day, "week")

    @api.depends("contact_id", "partner_id")
    def _compute_person(self):
        for log in self:
            person = log.contact_id
            log.organisation_id = (person or log.partner_id).commercial_partner_id
            log.position = person.function
            log.was_decision_maker = person.is_decision_maker
            log.had_full_name = is_full_name(person.name)
            log.person_key = person.id

    @api.depends("lead_id")
    def _compute_had_questionnaire(self):
        for log in self:
            log.had_deal = bool(log.lead_id)
            log.had_questionnaire = log.lead_id.is_questionnaire_complete

    @api.depends("organisation_id", "date", "company_id")
    def _compute_was_client(self):
        firsts = self.env["res.partner"]._first_sales(self.organisation_id, self.company_id)
        for log in self:
            first = firsts.get((log.organisation_id.id, log.company_id.id))
            log.was_client = bool(first and log.date and first <= log.date)

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
