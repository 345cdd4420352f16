import logging
from collections import defaultdict

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools import working_time
from .crm_weekly_review_sql import WEEK, Week

_logger = logging.getLogger(__name__)

# So many weeks that were missed are made afterwards.
MISSED_WEEKS = 12


class CrmWeeklyReview(models.Model):
    """Makes the reviews: one for each team and week in which there was anything."""

    _inherit = "crm.weekly.review"

    @api.model
    def _cron_make(self):
        """Hourly: make the reviews of the weeks that are over. Can be stopped and run again.

        A review is committed together with its figures, so that none is ever there without them.
        """
        cron = self.env["ir.cron"]
        due = self._weeks_due()
        for number, (team, company, week) in enumerate(due, 1):
            try:
                with self.env.cr.savepoint():
                    self._make(team, company, week)
            except OperationalError:
                raise
            except Exception:
                # Whatever is wrong with one team, the others are reviewed; it is tried again.
                _logger.exception("The week %s of the team %s cannot be reviewed", week, team.id)
            if not cron._commit_progress(1, remaining=len(due) - number):
                return

    @api.model
    def _weeks_due(self, teams=None):
        """Weeks that are over and have no review yet, the oldest first.

        A team's first review is that of the past week; from then on none is missed.

        :param teams: those asked for; all that use opportunities without it
        :return: list of ``(team, company, monday)``
        """
        if teams is None:
            teams = self.env["crm.team"].sudo().search([("use_opportunities", "=", True)])
        reviews = self.sudo().search([("team_id", "in", teams.ids)], order="week_start")
        made = {(review.team_id, review.company_id, review.week_start) for review in reviews}
        first = {}
        for review in reviews:
            first.setdefault((review.team_id, review.company_id), review.week_start)
        candidates = []
        for team, companies in self._companies_of(teams).items():
            for company in companies:
                last_week = working_time.monday(company._funnel_today()) - WEEK
                since = first.get((team, company), last_week)
                candidates += [
                    (team, company, week)
                    for week in (last_week - back * WEEK for back in range(MISSED_WEEKS))
                    if week >= since and (team, company, week) not in made
                ]
        return sorted(
            self._with_anything(candidates), key=lambda due: (due[2], due[0].id, due[1].id)
        )

    @api.model
    def _companies_of(self, teams):
        """The company of a team; of a team that companies share, those of its people and clients.

        :return: companies by team
        """
        shared = teams.filtered(lambda team: not team.company_id)
        long_ago = fields.Datetime.now() - MISSED_WEEKS * WEEK
        stays = Domain("team_id", "in", shared.ids)
        stays &= Domain("left_at", "=", False) | Domain("left_at", ">=", long_ago)
        of_clients = defaultdict(self.env["res.company"].browse)
        pairs = (
            self.env["crm.lead.stage.history"].sudo()._read_group(stays, ["team_id", "company_id"])
        )
        for team, company in pairs:
            of_clients[team] |= company
        return {
            team: team.company_id
            or (team.user_id | team.member_ids).company_id | of_clients[team]
            or self.env.company
            for team in teams
        }

    @api.model
    def _with_anything(self, candidates):
        """Those of the weeks in which somebody had clients, contacts or a norm."""
        weeks = [Week.of(number, *each) for number, each in enumerate(candidates)]
        found = self._gather(weeks) if weeks else {}
        return [each for number, each in enumerate(candidates) if found[number]]

    @api.model
    def _make(self, team, company, week):
        """Make the review of a week, and tell those whose turn it is.

        :return: the review; the one there is already, where there is one
        """
        key = [
            ("team_id", "=", team.id),
            ("company_id", "=", company.id),
            ("week_start", "=", week),
        ]
        review = self.sudo().search(key)
        if review:
            return review
        head = team.user_id
        review = self.sudo().create(
            {
                "team_id": team.id,
                "company_id": company.id,
                "currency_id": company.currency_id.id,
                "week_start": week,
                "head_id": head.id,
            }
        )
        review.write(review._names_now())
        review._take_down()
        if week == working_time.monday(company._funnel_today()) - WEEK:
            # Nobody is reminded of weeks that were missed: they are there to be read.
            review._remind()
        return review

    def action_make_now(self):
        """Make the reviews of the past weeks that are still missing, for teams one leads.

        :return: window action on the open reviews
        :rtype: dict
        :raise UserError: where nothing is missing
        """
        teams = self.env["crm.team"].search([("use_opportunities", "=", True)])
        if not self.env.user.has_group("sales_team.group_sale_salesman_all_leads"):
            teams = teams.filtered(lambda team: team.user_id == self.env.user)
        due = self.sudo()._weeks_due(teams.sudo())
        due = [each for each in due if each[1] in self.env.companies]
        if not due:
            raise UserError(
                self.env._(
                    "All weeks that are over have their review, or nothing happened in them. "
                    "The running week is reviewed once it is over."
                )
            )
        reviews = self.browse()
        for team, company, week in due:
            reviews |= self.sudo()._make(team, company, week).sudo(False)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_funnel_control.crm_weekly_review_action"
        )
        if len(reviews) == 1:
            action.update(res_id=reviews.id, views=[[False, "form"]])
        return action

    # -- reminders ----------------------------------------------------------------------------

    def _remind(self):
        """A to-do for the head and one for each manager; no e-mail."""
        self.ensure_one()
        quiet = self.with_context(mail_activity_quick_update=True)
        people = (self.line_ids.user_id - self.head_id).filtered("active")
        for user, is_head in [(user, False) for user in people] + [
            (user, True) for user in self.head_id
        ]:
            said = quiet.with_context(lang=user.lang)
            quiet.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=self.company_id._funnel_today(),
                user_id=user.id,
                summary=said.env._("Review the week and decide")
                if is_head
                else said.env._("Confirm your week"),
            )

    def _reminders(self, users):
        """The to-dos of these people about the reviews."""
        return self.activity_ids.filtered(
            lambda activity: activity.user_id in users and activity.automated
        )

    def _drop_reminders(self):
        """Nobody has to do anything about a week that is closed."""
        self._reminders(self.activity_ids.user_id).unlink()
