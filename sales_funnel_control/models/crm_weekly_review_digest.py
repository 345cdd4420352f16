import logging
from datetime import timedelta

import pytz
from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools import weekly_digest, working_time

_logger = logging.getLogger(__name__)
# On Mondays e-mails leave from this hour on, in the company's zone: nobody is woken up.
_MORNING = 7


class CrmWeeklyReviewDigest(models.Model):
    """An e-mail of a weekly review: who got it and when, so that nobody gets it twice."""

    _name = "crm.weekly.review.digest"
    _description = "E-Mail of a Weekly Review"
    _order = "id desc"
    _rec_name = "user_id"

    review_id = fields.Many2one(
        "crm.weekly.review", required=True, readonly=True, ondelete="cascade"
    )
    user_id = fields.Many2one(
        "res.users", "Recipient", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="review_id.company_id")
    is_head = fields.Boolean(
        "The Whole Team", readonly=True, help="Otherwise the recipient's own line only."
    )
    is_preview = fields.Boolean(
        "Asked for", readonly=True, help="The recipient asked for it on the review."
    )
    sent_at = fields.Datetime("Sent On", required=True, readonly=True)

    _once = models.UniqueIndex("(review_id, user_id) WHERE is_preview IS NOT TRUE")

    def _figures(self):
        """The figures of the e-mail as HTML, in the language of the environment."""
        self.ensure_one()
        review = self.review_id.get_review()
        if self.is_head:
            told = weekly_digest.for_head(review)
        else:
            lines = self.review_id.line_ids.filtered(lambda line: line.user_id == self.user_id)
            told = weekly_digest.for_manager(review, lines.ids, self.user_id.id)
        return self.env["ir.qweb"]._render(
            "sales_funnel_control.crm_weekly_review_digest_figures",
            {
                **told,
                "is_head": self.is_head,
                "rows": self._rows(told),
                "team": self.env._("Team"),
                "you": self.env._("You"),
                "more": self._more,
                "about": self._about,
                "currency": self.review_id.currency_id or self.company_id.currency_id,
                "percent": lambda rate: "–" if rate is False else f"{rate:.0f} %",
                "target": self._target,
                "number": lambda value: f"{value:g}",
            },
        )

    def _rows(self, told):
        """The recipient's sums beside the team's."""
        words = self.env["crm.weekly.review.line"]._fields
        return [
            {
                "name": words[name]._description_string(self.env),
                "own": sum(line[name] for line in told["lines"]),
                "team": total,
                "is_amount": name == "won_amount",
            }
            for name, total in told["totals"].items()
        ]

    def _about(self, decision):
        """What is decided, on which transition and, for the head, on whom."""
        manager = (decision["manager"] or self.env._("Team")) if self.is_head else ""
        return ", ".join(filter(None, [decision["kind"], decision["transition"], manager]))

    def _more(self, bars):
        return self.env._("and %(count)s more in the review", count=len(bars))

    def _target(self, target):
        if target is False:
            return ""
        return self.env._("target %(target)s", target=f"{target:.0f} %")

    def _link(self):
        """Address of the review."""
        return f"{self.get_base_url()}/odoo/crm.weekly.review/{self.review_id.id}"

    def _preferences_link(self):
        return f"{self.get_base_url()}/odoo/my-preferences"

    def _send(self):
        """Hand the e-mails to the mail queue."""
        template = self.env.ref("sales_funnel_control.mail_template_weekly_review")
        return template.send_mail_batch(self.ids) if self else self.env["mail.mail"]


class CrmWeeklyReview(models.Model):
    """The review reaches people by e-mail."""

    _inherit = "crm.weekly.review"

    digest_ids = fields.One2many(
        "crm.weekly.review.digest",
        "review_id",
        "E-Mails",
        readonly=True,
        groups="sales_team.group_sale_salesman_all_leads",
    )

    @api.model
    def _cron_send_digest(self):
        """Hourly: send the e-mails of the past week's reviews, each to each recipient once."""
        cron = self.env["ir.cron"]
        reviews = self._with_digest_due()
        cron._commit_progress(remaining=len(reviews))
        for review in reviews:
            review._try_digest()
            if not cron._commit_progress(1):
                return

    def _try_digest(self):
        """Send the review's e-mails. One that fails must not keep those of other teams back.

        :raise OperationalError: where others write the same; the cron tries again
        """
        try:
            with self.env.cr.savepoint():
                self._send_digest()
        except OperationalError:
            raise
        except Exception:
            _logger.exception("The e-mails of the weekly review %s cannot be sent", self.id)

    @api.model
    def _with_digest_due(self):
        """Reviews of the past week, in companies that want the e-mails and where it is morning."""
        companies = self.env["res.company"].search([("weekly_digest", "=", True)])
        now = fields.Datetime.now()
        weeks = {
            company: working_time.monday(company._funnel_date(now)) - timedelta(days=7)
            for company in companies
            if self._is_morning(company, now)
        }
        due = Domain.OR(
            Domain("company_id", "=", company.id) & Domain("week_start", "=", week)
            for company, week in weeks.items()
        )
        return self.search(due & Domain("taken_at", "!=", False))

    @api.model
    def _is_morning(self, company, now):
        """Whether Monday's morning has come in the company's zone."""
        there = pytz.utc.localize(now).astimezone(pytz.timezone(company.funnel_tz))
        return there.weekday() > 0 or there.hour >= _MORNING

    def _send_digest(self):
        """Send the reviews' e-mails to whom they have not been sent yet. May run at any time.

        :return: the e-mails sent
        """
        now = fields.Datetime.now()
        digests = self.env["crm.weekly.review.digest"].sudo()
        sent = digests.search([("review_id", "in", self.ids), ("is_preview", "=", False)])
        served = {(digest.review_id.id, digest.user_id.id) for digest in sent}
        digests = digests.create(
            [
                {
                    "review_id": review.id,
                    "user_id": user.id,
                    "is_head": user == review._digest_head(),
                    "sent_at": now,
                }
                for review in self.sudo()
                for user in review._digest_recipients()
                if (review.id, user.id) not in served
            ]
        )
        digests._send()
        return digests

    def _digest_head(self):
        """Who gets the whole team: the head of that week who leads still, or who leads now."""
        return (self.head_id | self.team_id.user_id).filtered(self._shows_team_to)[:1]

    def _shows_team_to(self, user):
        return self.with_user(user).may_lead

    def _digest_recipients(self):
        """The head and the managers who want the e-mail and can get it."""
        self.ensure_one()
        users = self._digest_head() | self.line_ids.user_id
        return users.filtered(
            lambda user: user.active and not user.share and user.email and user.weekly_digest
        )

    def action_send_me_digest(self):
        """Send the e-mail of this review to whoever asks, as they would get it on Monday."""
        self.ensure_one()
        self.check_access("read")
        user = self.env.user
        if not user.email:
            raise UserError(self.env._("You have no e-mail address yet. Enter it in your profile."))
        review = self.sudo()
        is_head = review._shows_team_to(user)
        if not is_head and user not in review.line_ids.user_id:
            raise UserError(
                self.env._(
                    "There is no line of yours in this review. Open one of a week you worked."
                )
            )
        digest = review.env["crm.weekly.review.digest"].create(
            {
                "review_id": self.id,
                "user_id": user.id,
                "is_head": is_head,
                "is_preview": True,
                "sent_at": fields.Datetime.now(),
            }
        )
        digest._send()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "The e-mail is on its way to %(address)s.", address=user.email
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
