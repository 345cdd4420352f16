from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import working_time
from .crm_contact_norm_week import BACKFILL_WEEKS, WEEK


class CrmContactNormWeek(models.Model):
    """Who owes contacts, since when, and which weeks are to be written."""

    _inherit = "crm.contact.norm.week"

    @api.model
    def _memberships(self):
        """Memberships of each manager, oldest first: ``{(company, user): members}``."""
        # The caller may look at archived records, too: who left owes nothing.
        members = self.env["crm.team.member"].with_context(active_test=True)
        members = members.search(
            [
                ("user_id.active", "=", True),
                ("user_id.share", "=", False),
                ("crm_team_id.active", "=", True),
            ],
            order="create_date, id",
        )
        people = defaultdict(members.browse)
        for member in members:
            company = member.crm_team_id.company_id or member.user_id.company_id
            people[company, member.user_id] |= member
        return people

    @api.model
    def _open_weeks(self):
        """Mondays to write by company: since the last week that was written, to the next week."""
        latest = dict(self._read_group([], ["company_id"], ["week_start:max"]))
        weeks = {}
        for company in self.env["res.company"].search(Domain.TRUE):
            this_week = working_time.monday(company._funnel_today())
            week = min(latest.get(company, this_week) + WEEK, this_week)
            week = max(week, this_week - BACKFILL_WEEKS * WEEK)
            weeks[company] = []
            while week <= this_week + WEEK:
                weeks[company].append(week)
                week += WEEK
        return weeks

    @api.model
    def _begun_this_week(self, memberships, weeks):
        """Day of beginning of those who may have begun within the weeks to write."""
        fresh = {
            (company, user): members
            for (company, user), members in memberships.items()
            if company._funnel_date(members[0].create_date) > weeks[company][0]
        }
        return self._started(fresh)

    @api.model
    def _started(self, memberships):
        """The day each manager joined or, where that was before, logged or owed the first contact.

        :return: date by ``(company, user)``
        """
        if not memberships:
            return {}
        users = [user.id for _company, user in memberships]
        self.env["crm.contact.log"].flush_model(["company_id", "user_id", "day", "state"])
        known = {
            (company_id, user_id): day
            for company_id, user_id, day in self.env.execute_query(
                SQL(
                    """
                    SELECT company_id, user_id, MIN(day)
                      FROM (
                            SELECT company_id, user_id, day
                              FROM crm_contact_log
                             WHERE user_id = ANY(%(users)s) AND state = 'done'
                               AND day IS NOT NULL
                             UNION ALL
                            SELECT company_id, user_id, first_day
                              FROM crm_contact_norm_week
                             WHERE user_id = ANY(%(users)s)
                           ) sign
                  GROUP BY company_id, user_id
                    """,
                    users=users,
                )
            )
        }
        joined = {
            (company, user): company._funnel_date(members[0].create_date)
            for (company, user), members in memberships.items()
        }
        return {
            (company, user): min(day, known.get((company.id, user.id), day))
            for (company, user), day in joined.items()
        }
