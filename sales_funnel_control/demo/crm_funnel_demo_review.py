from datetime import datetime, time, timedelta

from odoo import api, fields, models

from ..tools import working_time

_ADDON = "sales_funnel_control"
_WEEKS = 6
# Of the clients that entered a stage after the first week's decisions, how many came further:
# by manager, place of the stage left. What is missing to them has gone to those before.
_SINCE = {
    "ivanov": {0: 0.78, 1: 0.91},
    "sidorov": {2: 0.86},
}
# A stay that is longer was one of those who hesitate until these days.
_LONGEST_STAY = timedelta(days=8)
# What was decided: weeks ago, manager, transition (its place), how, with whom, what, and done.
_DECISIONS = (
    (6, "ivanov", 2, "mentoring", "sidorov", "Four presentations together with Sidorov", True),
    (6, "sidorov", 3, "joint_meeting", "ivanov", "Ivanov comes along when terms are settled", True),
    (6, "ivanov", 1, "script", None, "New opening: ask who decides before anything else", True),
    (4, None, None, "other", None, "Ask the warehouse for delivery on Saturdays", True),
    (2, "sidorov", 4, "training", None, "Reminding of an invoice before it is due", False),
)
_WORDS = {
    "ivanov": (
        "Many new names on the list, few of them reached.",
        "The mentoring helps: I show less and ask more.",
        "Two big ones slipped away over the delivery term.",
        "Calm week, the list is worked through.",
        "Waiting for answers on four offers.",
        "",
    ),
    "sidorov": (
        "Presentations go well, the terms are what takes time.",
        "Three contracts at their lawyers.",
        "With Ivanov at the table it went quicker.",
        "Payment is what I have to run after.",
        "Two old refusals have come back.",
        "",
    ),
    "petrova": ("The base is worked through as planned.",),
    "orlova": ("Visits took more time than I thought.",),
}
_HEAD = (
    "Presentations first. Everybody sits in on one of Sidorov's this week.",
    "Keep it up. I look at the client list with Ivanov on Wednesday.",
    "Refusals over delivery terms: I talk to the warehouse.",
    "The front desk is the topic of Friday's training.",
    "Invoices: call before they are due, not after.",
    "",
)


class CrmFunnelDemo(models.AbstractModel):
    """Six weeks of reviews, with decisions that worked, one that did not, one too early to say."""

    _inherit = "crm.funnel.demo"

    # -- what the decisions did to the pipeline -------------------------------------------------

    def _plan(self, chance, stages, manager, reached):
        plans = super()._plan(chance, stages, manager, reached)
        grown = [plan for plan in plans if not plan.get("is_young")]
        if len(grown) > 1:
            for place, share in _SINCE.get(manager.login, {}).items():
                self._arrange(grown, place, share)
        return plans

    @api.model
    def _first_decision(self):
        """The Monday on which the first of the six weeks was reviewed."""
        return working_time.monday(fields.Date.today()) - timedelta(weeks=_WEEKS - 1)

    def _arrange(self, plans, place, share):
        """Let those who came further from a stage be among the later clients, or the earlier ones.

        Clients change places in time, and nothing else: the totals stay what they are.

        :param float share: of those that enter the stage after the decisions, how many come further
        """
        border = datetime.combine(self._first_decision(), time(12))
        entered = [
            (moment, plan) for plan in plans if (moment := self._moment_at(plan, place)) is not None
        ]
        late = [plan for moment, plan in entered if moment >= border]
        early = [plan for moment, plan in entered if moment < border - timedelta(days=1)]
        passed = [plan for plan in late if self._came_further(plan, place)]
        missing = round(share * len(late)) - len(passed)
        givers = [plan for plan in late if self._came_further(plan, place) != (missing > 0)]
        takers = [plan for plan in early if self._came_further(plan, place) == (missing > 0)]
        for giver, taker in zip(givers[: abs(missing)], takers, strict=False):
            self._swap(giver, taker, place)

    @staticmethod
    def _moment_at(plan, place):
        """When a client came to a stage; None who never stood on it."""
        return next((entered_at for at, entered_at, _left in plan["stays"] if at == place), None)

    @staticmethod
    def _came_further(plan, place):
        return plan["stage"] != plan["stages"][place]

    def _swap(self, one, other, place):
        """Let two clients change places in time."""
        distance = self._moment_at(other, place) - self._moment_at(one, place)
        self._shift(one, distance)
        self._shift(other, -distance)

    @staticmethod
    def _shift(plan, distance):
        now = fields.Datetime.now()
        stays = []
        for at, entered_at, left_at in plan["stays"]:
            begin = min(entered_at + distance, now - timedelta(hours=2))
            if left_at - entered_at > _LONGEST_STAY:
                end = max(begin, left_at)
            else:
                end = max(begin, min(left_at + distance, now - timedelta(hours=1)))
            stays.append((at, begin, end))
        begins = [begin for _at, begin, _end in stays[1:]] + [now]
        plan["stays"] = [
            (at, begin, min(end, following))
            for (at, begin, end), following in zip(stays, begins, strict=True)
        ]

    # -- the reviews ----------------------------------------------------------------------------

    @api.model
    def _load_reviews(self):
        """Review the last six weeks of both teams; the last one is still open."""
        Review = self.env["crm.weekly.review"]
        head = self.env.ref(f"{_ADDON}.user_smirnova")
        for name in ("team_hunters", "team_farmers"):
            team = self.env.ref(f"{_ADDON}.{name}")
            company = Review._companies_of(team)[team]
            this_week = working_time.monday(company._funnel_today())
            for number in range(_WEEKS):
                ago = _WEEKS - number
                review = Review._make(team, company, this_week - timedelta(weeks=ago))
                if name == "team_hunters":
                    self._decide(review, ago)
                self._speak(review, number)
                if ago > 1:
                    self._close_review(review, head, number)

    def _decide(self, review, ago):
        stages = self.env["crm.stage"].search([("team_ids", "in", review.team_id.ids)])
        monday = review.week_start + timedelta(days=7)
        for weeks, login, place, kind, mentor, note, is_done in _DECISIONS:
            if weeks != ago:
                continue
            manager, colleague = (
                self.env.ref(f"{_ADDON}.user_{name}") if name else self.env["res.users"]
                for name in (login, mentor)
            )
            decision = (
                self.env["crm.weekly.review.decision"]
                .with_context(mail_activity_quick_update=True)
                .create(
                    {
                        "review_id": review.id,
                        "user_id": manager.id,
                        "stage_id": place and stages[place].id,
                        "kind": kind,
                        "mentor_id": colleague.id,
                        "note": note,
                        "responsible_id": (colleague or review.head_id).id,
                        "decided_on": monday,
                        "date_due": monday + timedelta(days=11),
                    }
                )
            )
            if is_done:
                activity = decision.activity_id
                activity.action_feedback(feedback="Done as agreed.")
                activity.date_done = monday + timedelta(days=9)

    def _speak(self, review, number):
        """Everybody confirms; of the open week somebody is still missing."""
        is_open = number == _WEEKS - 1
        moment = datetime.combine(review.week_start + timedelta(days=7), time(9, 40))
        for line in review.line_ids.filtered("user_id"):
            words = _WORDS.get(line.user_id.login)
            if not words or is_open and line.user_id.login in ("ivanov", "orlova"):
                continue
            line.manager_word = words[number % len(words)]
            line.confirmed_at = min(moment, fields.Datetime.now())
            if is_open:
                review._reminders(line.user_id).unlink()

    def _close_review(self, review, head, number):
        """Close the week on its Monday, as the head of sales did then."""
        if review.team_id == self.env.ref(f"{_ADDON}.team_hunters"):
            review.head_word = _HEAD[number]
        monday = review.week_start + timedelta(days=7)
        review.write(
            {
                "state": "closed",
                "taken_at": datetime.combine(monday, time(3)),
                "closed_at": datetime.combine(monday, time(13)),
                "closed_by_id": head.id,
                "closed_by_name": head.name,
            }
        )
