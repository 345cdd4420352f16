from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, float_round

from ..tools import working_time
from .crm_contact_norm import NORM_KINDS
from .crm_team_member import GRADES, SALES_ROLES

WEEK = timedelta(days=7)
# So far back a norm that is dated into the past fills the weeks.
BACKFILL_WEEKS = 52
_COLUMNS = {
    "company_id": "int",
    "user_id": "int",
    "team_id": "int",
    "sales_role": "varchar",
    "grade": "varchar",
    "week_start": "date",
    "kind": "varchar",
    "first_day": "date",
    "weekly_norm": "int",
    "days_normal": "numeric",
    "days_present": "numeric",
    "norm": "numeric",
}
_KEY = ("company_id", "user_id", "week_start", "kind")


class CrmContactNormWeek(models.Model):
    """What each manager owes in each week: written by the system, and past weeks stand still.

    Progress, report and screens all read these rows. Those of this week and the next follow the
    norms, teams and calendars; those of past weeks keep norm, role and team, and only time off and
    holidays that are entered afterwards still correct the days.
    """

    _name = "crm.contact.norm.week"
    _description = "Contact Norm of a Week"
    _order = "week_start desc, user_id, id"
    _rec_name = "user_id"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    user_id = fields.Many2one(
        "res.users", "Manager", required=True, readonly=True, ondelete="cascade"
    )
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True, ondelete="set null")
    sales_role = fields.Selection(SALES_ROLES, "Role", readonly=True)
    grade = fields.Selection(GRADES, readonly=True)
    week_start = fields.Date("Week (Monday)", required=True, readonly=True)
    kind = fields.Selection(NORM_KINDS, "Contacts", required=True, readonly=True)
    first_day = fields.Date(readonly=True, help="The day in the week the manager began.")
    last_day = fields.Date(readonly=True, help="The last day in the week of a manager who left.")
    weekly_norm = fields.Integer(
        "Norm of a Full Week", required=True, readonly=True, aggregator=None
    )
    days_normal = fields.Float("Working Days", digits=(16, 2), readonly=True, aggregator=None)
    days_present = fields.Float(digits=(16, 2), readonly=True, aggregator=None)
    norm = fields.Float(
        digits=(16, 1),
        readonly=True,
        help="The norm of a full week × days present ÷ working days, to one decimal.",
    )

    _key_uniq = models.UniqueIndex("(user_id, week_start, kind, company_id)")
    _week_idx = models.Index("(week_start, company_id)")

    # -- writing the rows ---------------------------------------------------------------------

    @api.model
    def _cron_refresh(self):
        """Nightly: write the norms of this week and the next. May run at any time."""
        self._refresh()

    @api.model
    def _refresh(self):
        """Bring this week and the next, and weeks that were never written, in step."""
        memberships = self._memberships()
        weeks = self._open_weeks()
        plan = {(company, user, week) for company, user in memberships for week in weeks[company]}
        begun = self._begun_this_week(memberships, weeks)
        self._store(self._rows(memberships, plan, begun), overwrite=True)
        self._close(memberships, weeks)

    @api.model
    def _backfill(self, norms):
        """Fill the past weeks of ``norms`` that have no norm of the kind yet.

        Role and team of that time are not known any more: those of today stand for them. A manager
        owes nothing before the day they joined, or logged their first contact.
        """
        memberships = self._memberships()
        plan = set()
        started = None
        for company, user in memberships:
            this_week = working_time.monday(company._funnel_today())
            since = [
                norm.valid_from
                for norm in norms
                if norm.company_id in (company, norm.company_id.browse())
            ]
            if not since or min(since) >= this_week:
                continue
            started = started or self._started(memberships)
            week = working_time.monday(
                max(min(since), started[company, user], this_week - BACKFILL_WEEKS * WEEK)
            )
            while week < this_week:
                plan.add((company, user, week))
                week += WEEK
        self._store(self._rows(memberships, plan, started or {}, only=norms), overwrite=False)

    @api.model
    def _rows(self, memberships, plan, begun, only=None):
        """Rows of the managers and weeks planned, as ``_COLUMNS`` has them.

        :param set plan: ``(company, user, monday)``
        :param dict begun: day of beginning by ``(company, user)``; else it was before
        :param only: norms that are asked for; all of them by default
        """
        if not plan:
            return []
        norms = self.env["crm.contact.norm"]._in_force()
        mondays = [week for _company, _user, week in plan]
        people = list({(company, user) for company, user, _week in plan})
        presence = self._presence(people, min(mondays), max(mondays) + WEEK)
        rows = []
        for company, user, week in sorted(plan, key=lambda key: (key[2], key[0].id, key[1].id)):
            first_day = max(week, begun.get((company, user), week))
            if first_day >= week + WEEK:
                continue
            there = presence[company, user]
            days = {
                "days_normal": there.normal_days(week, week + timedelta(days=6)),
                "days_present": there.days(first_day, week + timedelta(days=6)),
            }
            for kind, _label in NORM_KINDS:
                found = norms._of_week(memberships[company, user], company, kind, week)
                if found and found[0].weekly_norm and (only is None or found[0] in only):
                    norm, member = found
                    rows.append(
                        {
                            "company_id": company.id,
                            "user_id": user.id,
                            "team_id": member.crm_team_id.id,
                            "sales_role": member.sales_role,
                            "grade": member.grade,
                            "week_start": week,
                            "kind": kind,
                            "first_day": first_day,
                            "weekly_norm": norm.weekly_norm,
                            "norm": self._reduced(norm.weekly_norm, **days),
                            **days,
                        }
                    )
        return rows

    @api.model
    def _reduced(self, weekly_norm, days_present, days_normal):
        """The norm of a week: to one decimal, 0 where nobody works."""
        share = days_present / days_normal if days_normal else 0
        return float_round(weekly_norm * share, precision_digits=1)

    def _store(self, rows, overwrite):
        """Insert rows, where ``overwrite`` in place of those that are there and differ."""
        if not rows:
            return
        self.flush_model()
        names = SQL(", ").join(map(SQL.identifier, _COLUMNS))
        others = [name for name in _COLUMNS if name not in _KEY]
        update = SQL(
            """
            UPDATE SET %s, last_day = NULL
             WHERE (%s, stored.last_day) IS DISTINCT FROM (%s, NULL::date)
            """,
            SQL(", ").join(
                SQL("%s = %s", SQL.identifier(name), SQL.identifier("excluded", name))
                for name in others
            ),
            SQL(", ").join(SQL.identifier("stored", name) for name in others),
            SQL(", ").join(SQL.identifier("excluded", name) for name in others),
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_contact_norm_week AS stored (%(names)s)
                SELECT * FROM unnest(%(values)s)
                    ON CONFLICT (user_id, week_start, kind, company_id)
                    DO %(action)s
                """,
                names=names,
                values=SQL(", ").join(
                    SQL("%s::%s[]", [row[name] or None for row in rows], SQL(kind))
                    if name in ("team_id", "grade")
                    else SQL("%s::%s[]", [row[name] for row in rows], SQL(kind))
                    for name, kind in _COLUMNS.items()
                ),
                action=update if overwrite else SQL("NOTHING"),
            )
        )
        self.invalidate_model()

    def _close(self, memberships, weeks):
        """End the week of those who left today; drop what is not owed any more from now on."""
        norms = self.env["crm.contact.norm"]._in_force()
        left, dropped = self.browse(), self.browse()
        first = min((days[-2] for days in weeks.values()), default=None)
        for row in self.search([("week_start", ">=", first)]) if first else self:
            this_week, next_week = weeks[row.company_id][-2:]
            members = memberships.get((row.company_id, row.user_id))
            if row.week_start not in (this_week, next_week):
                continue
            if members:
                found = norms._of_week(members, row.company_id, row.kind, row.week_start)
                if not found or not found[0].weekly_norm:
                    dropped |= row
            elif row.week_start == next_week:
                dropped |= row
            elif not row.last_day:
                left |= row
        dropped._drop()
        for company, rows in left.grouped("company_id").items():
            rows.last_day = company._funnel_today()
        left._count_days()

    def _drop(self):
        """Delete rows that nothing refers to.

        Deleting them one by one like others' records would make the whole transaction forget what
        it has read, also where it only adds a member to a team.
        """
        if self:
            self.flush_model()
            self.env.cr.execute(
                SQL("DELETE FROM crm_contact_norm_week WHERE id = ANY(%s)", self.ids)
            )
            self.invalidate_model()

    # -- correcting the days ------------------------------------------------------------------

    def _count_days(self):
        """Count the days present anew, by the calendars as they are now."""
        for row, days in self._days_by_calendars().items():
            row._set_days(days)

    def _days_taken(self, leaves):
        """Days that holidays and time off take from each row, by the calendars as they are now."""
        present = self._days_by_calendars()
        return {row: days - present[row] for row, days in self._days_by_calendars(leaves).items()}

    def _give_days(self, given):
        """Correct the days present of rows by so many.

        What else they rest on is not counted anew: a week keeps the working hours of its time.

        :param dict given: days by row; negative ones are taken
        """
        for row, days in given.items():
            if days:
                row._set_days(row.days_present + days)

    def _set_days(self, days):
        days = max(0, min(days, self.days_normal))
        norm = self._reduced(self.weekly_norm, days, self.days_normal)
        if (self.days_present, self.norm) != (days, norm):
            self.write({"days_present": days, "norm": norm})

    def _days_by_calendars(self, overlooked=None):
        """Days present of each row, no more than the company's normal ones.

        :param overlooked: holidays and time off that are not taken into account
        """
        if not self:
            return {}
        mondays = self.mapped("week_start")
        people = list({(row.company_id, row.user_id) for row in self})
        presence = self._presence(people, min(mondays), max(mondays) + WEEK, overlooked)
        return {
            row: min(
                presence[row.company_id, row.user_id].days(
                    row.first_day or row.week_start,
                    row.last_day or row.week_start + timedelta(days=6),
                ),
                row.days_normal,
            )
            for row in self
        }
