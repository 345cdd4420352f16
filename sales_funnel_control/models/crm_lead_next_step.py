from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

STEP_STATES = [
    ("none", "No Next Step"),
    ("overdue", "Overdue"),
    ("planned", "Planned"),
]
_COMPARISONS = {"<": SQL("<"), "<=": SQL("<="), ">": SQL(">"), ">=": SQL(">=")}
_PATTERNS = {"ilike": "%{}%", "=ilike": "{}"}


class CrmLead(models.Model):
    """What comes next with a client, and when.

    The next step is the earliest open activity of the deal or the earliest meeting to come,
    whichever is earlier; on the same day the meeting. It is overdue from the day after its day on,
    in the time zone of the deal's company, so that it is the same for every reader.
    Deals that are won, lost or archived have none.
    """

    _inherit = "crm.lead"

    next_step = fields.Char(
        compute="_compute_next_step",
        search="_search_next_step",
        help="What is to be done next: the earliest activity or meeting to come.",
    )
    next_step_date = fields.Date(
        compute="_compute_next_step",
        search="_search_next_step_date",
        help="The day of the next step.",
    )
    next_step_state = fields.Selection(
        STEP_STATES,
        compute="_compute_next_step",
        search="_search_next_step_state",
        help="Overdue: the day of the next step has passed. Empty for deals won, lost or archived.",
    )
    next_step_is_agreed = fields.Boolean(
        "Agreed with the Client",
        compute="_compute_next_step",
        search="_search_next_step_is_agreed",
        help="The next step is a meeting with the client, was planned when a contact with the "
        "client was logged, or progress was agreed for its day.",
    )

    @api.depends(
        "active",
        "won_status",
        "activity_ids",
        "activity_ids.date_deadline",
        "activity_ids.summary",
        "calendar_event_ids",
        "calendar_event_ids.start",
        "contact_log_ids",
    )
    def _compute_next_step(self):
        steps = {}
        if self._origin:
            self._flush_for_steps()
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT lead.id, step.what, step.is_meeting, step.day, %s, %s
                      FROM %s
                     WHERE lead.id = ANY(%s)
                    """,
                    self._step_state_sql(),
                    self._step_is_agreed_sql(),
                    self._next_steps_from_sql(),
                    self._origin.ids,
                )
            )
            steps = {lead_id: step for lead_id, *step in rows}
        self._assign_alike(
            "next_step",
            {
                lead_id: what or (day and self._unnamed_step(is_meeting))
                for lead_id, (what, is_meeting, day, *_rest) in steps.items()
            },
        )
        for place, name in enumerate(
            ("next_step_date", "next_step_state", "next_step_is_agreed"), start=2
        ):
            self._assign_alike(name, {lead_id: step[place] for lead_id, step in steps.items()})

    def _unnamed_step(self, is_meeting):
        return self.env._("Meeting") if is_meeting else self.env._("To do")

    # -- search -------------------------------------------------------------------------------

    @api.model
    def _search_next_step(self, operator, value):
        if operator in _PATTERNS and isinstance(value, str):
            return self._step_domain(SQL("step.what ILIKE %s", _PATTERNS[operator].format(value)))
        if operator != "in":
            return NotImplemented
        return self._step_in_domain(SQL("step.what"), value)

    @api.model
    def _search_next_step_date(self, operator, value):
        if operator == "in":
            days = [day and fields.Date.to_date(day) for day in value]
            return self._step_in_domain(SQL("step.day"), days)
        if operator not in _COMPARISONS or not value:
            return NotImplemented
        day = fields.Date.to_date(value)
        return self._step_domain(SQL("step.day %s %s", _COMPARISONS[operator], day))

    @api.model
    def _search_next_step_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        return self._step_in_domain(self._step_state_sql(), value)

    @api.model
    def _search_next_step_is_agreed(self, operator, value):
        if operator != "in":
            return NotImplemented
        agreed = self._step_domain(self._step_is_agreed_sql())
        return Domain.OR(agreed if wanted else ~agreed for wanted in value)

    def _step_in_domain(self, column, values):
        found = self._step_domain(SQL("%s = ANY(%s)", column, [value for value in values if value]))
        if False in values:
            found |= ~self._step_domain(SQL("%s IS NOT NULL", column))
        return found

    def _step_domain(self, condition):
        self._flush_for_steps()
        self.env["crm.lead.stage.history"]._interpret()
        return Domain(
            "id",
            "in",
            SQL("(SELECT lead.id FROM %s WHERE %s)", self._next_steps_from_sql(), condition),
        )

    # -- SQL ----------------------------------------------------------------------------------

    def _flush_for_steps(self):
        self.env["crm.lead"].flush_model(
            ["active", "company_id", "team_id", "type", "user_id", "won_status"]
        )
        self.env["mail.activity"].flush_model()
        self.env["calendar.event"].flush_model()
        self.env["calendar.attendee"].flush_model(["event_id", "partner_id", "state"])
        self.env["crm.contact.log"].flush_model()

    def _steps_sql(self, lead_id, zone):
        """All that is planned with a client: ``what``, ``day``, ``is_meeting`` (of the calendar),
        ``is_visit`` (people are to meet), ``with_client`` (a meeting that the client takes part
        in) and ``step_id``, of an activity or an event.

        :param SQL lead_id: of the deal
        :param SQL zone: time zone in which a meeting has its day
        """
        return SQL(
            """
            SELECT COALESCE(NULLIF(activity.summary, ''), %(type_name)s) AS what,
                   activity.date_deadline AS day,
                   FALSE AS is_meeting,
                   COALESCE(kind.contact_kind IN ('meeting', 'visit'), FALSE)
                   OR COALESCE(kind.category = 'meeting', FALSE) AS is_visit,
                   FALSE AS with_client,
                   activity.id AS step_id
              FROM mail_activity activity
         LEFT JOIN mail_activity_type kind ON kind.id = activity.activity_type_id
             WHERE activity.res_id = %(lead_id)s
               AND %(is_open)s
         UNION ALL
            SELECT CASE WHEN privacy.name <> 'private' THEN meeting.name END,
                   CASE WHEN meeting.allday THEN meeting.start_date ELSE %(meeting_day)s END,
                   TRUE,
                   TRUE,
                   privacy.name <> 'private'
                   AND NOT (COALESCE(meeting.allday, FALSE) AND meeting.show_as = 'free')
                   AND NOT COALESCE(
                       (
                            SELECT BOOL_AND(guest.state = 'declined')
                              FROM calendar_attendee guest
                              JOIN res_partner person ON person.id = guest.partner_id
                             WHERE guest.event_id = meeting.id
                               AND person.partner_share
                       ),
                       FALSE
                   ),
                   meeting.id
              FROM calendar_event meeting
        CROSS JOIN LATERAL (
                    SELECT COALESCE(
                        meeting.privacy,
                        (
                            SELECT settings.calendar_default_privacy
                              FROM res_users_settings settings
                             WHERE settings.user_id = meeting.user_id
                        ),
                        'public'
                    ) AS name
                   ) privacy
             WHERE meeting.opportunity_id = %(lead_id)s
               AND %(is_to_come)s
            """,
            lead_id=lead_id,
            type_name=self.env["mail.activity.type"]._field_to_sql("kind", "name"),
            meeting_day=self.env["crm.lead.stage.history"]._local_date_sql(
                SQL("meeting.start"), zone
            ),
            is_open=self._is_open_sql(),
            is_to_come=self._is_to_come_sql(zone),
        )

    def _is_open_sql(self):
        return SQL("activity.res_model = 'crm.lead' AND activity.active")

    def _is_to_come_sql(self, zone):
        return SQL(
            """
            meeting.active
            AND CASE WHEN meeting.allday THEN meeting.start_date >= %(today)s
                     ELSE meeting.start >= %(now)s
                END
            """,
            now=fields.Datetime.now(),
            today=self._today_sql(zone),
        )

    def _today_sql(self, zone):
        return self.env["crm.lead.stage.history"]._local_date_sql(
            SQL("%s::timestamp", fields.Datetime.now()), zone
        )

    def _has_next_step_sql(self, lead_id):
        """Whether something is planned with a client.

        :param SQL lead_id: of the deal
        """
        return SQL(
            """
            (
                EXISTS (
                    SELECT FROM mail_activity activity
                     WHERE activity.res_id = %(lead_id)s AND %(is_open)s
                )
                OR EXISTS (
                    SELECT FROM calendar_event meeting
                     WHERE meeting.opportunity_id = %(lead_id)s AND %(is_to_come)s
                )
            )
            """,
            lead_id=lead_id,
            is_open=self._is_open_sql(),
            is_to_come=self._is_to_come_sql(SQL("%s", self.env.company.funnel_tz)),
        )

    def _open_leads_from_sql(self):
        """Clients in work as ``lead``, with the ``company`` and its present ``today.day``."""
        return SQL(
            """
            crm_lead lead
            LEFT JOIN crm_team team ON team.id = lead.team_id
            LEFT JOIN res_users manager ON manager.id = lead.user_id
            JOIN res_company company
              ON company.id = COALESCE(
                  lead.company_id, team.company_id, manager.company_id, %(company)s
              )
             AND lead.active
             AND lead.won_status = 'pending'
            CROSS JOIN LATERAL (SELECT %(today)s AS day) today
            """,
            company=self.env.company.id,
            today=self._today_sql(SQL("company.funnel_tz")),
        )

    def _next_steps_from_sql(self):
        """Clients in work, see :meth:`_open_leads_from_sql`, and the next ``step`` of each."""
        return SQL(
            """
            %s
            LEFT JOIN LATERAL (
                SELECT * FROM (%s) each
              ORDER BY each.day, each.is_meeting DESC, each.step_id
                 LIMIT 1
            ) step ON TRUE
            """,
            self._open_leads_from_sql(),
            self._steps_sql(SQL("lead.id"), SQL("company.funnel_tz")),
        )

    def _step_state_sql(self):
        return SQL(
            """
            CASE WHEN step.day IS NULL THEN 'none'
                 WHEN step.day < today.day THEN 'overdue'
                 ELSE 'planned'
            END
            """
        )

    def _step_is_agreed_sql(self):
        """Whether the ``step`` of the ``lead`` was agreed with the client (D1)."""
        return SQL(
            """
            (
                COALESCE(step.with_client, FALSE)
                OR EXISTS (
                    SELECT FROM crm_contact_log log
                     WHERE log.next_activity_id = step.step_id
                       AND NOT step.is_meeting
                       AND log.state = 'done'
                )
                OR EXISTS (
                    SELECT FROM crm_contact_log log
                     WHERE log.lead_id = lead.id
                       AND log.progress_date = step.day
                       AND log.progress <> ''
                       AND log.state = 'done'
                )
            )
            """
        )
