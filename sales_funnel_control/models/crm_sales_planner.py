import math
from datetime import date
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import date_utils

from ..tools import planning
from ..tools.outside import within_calendar

TARGET_KINDS = [("number", "Number of Deals"), ("amount", "Amount")]
BASES = [("target", "Target Rates"), ("actual", "Actual Rates")]


class PlanRequest(NamedTuple):
    """What a plan is asked for, checked."""

    team: models.BaseModel
    user: models.BaseModel
    company: models.BaseModel
    date_from: date
    date_to: date
    target_kind: str
    target: float
    average_deal: float
    basis: str
    what_if: dict
    shares: dict


class CrmSalesPlanner(models.AbstractModel):
    """Reverse planning: from a sales target back to clients, meetings and calls.

    Nothing is stored. ``crm.sales.plan`` keeps what comes out of :meth:`get_plan`, and the screen
    shows it. Only who leads the team, or sees all documents, may plan.
    """

    _name = "crm.sales.planner"
    _description = "Sales Planner"

    @api.model
    @api.readonly
    def get_plan(  # pylint: disable=too-many-arguments
        self,
        team_id=None,
        user_id=None,
        date_from=None,
        date_to=None,
        target_kind=None,
        target=None,
        average_deal=None,
        basis="target",
        what_if=None,
        shares=None,
    ):
        """What it takes to reach a sales target, and how far the present pipeline covers it.

        :param int team_id: sales team; without it the reader's own one
        :param int user_id: plan for this manager alone
        :param str date_from: first day; without both days, the running month
        :param str date_to: last day
        :param str target_kind: ``number`` of deals or ``amount``; without a target, Odoo's
            invoicing target of the team
        :param float target: deals, or an amount in the company's currency
        :param float average_deal: amount; without it that of the deals won in the last 12 months
        :param str basis: ``target`` or ``actual``: which rates the plan rests on. Where the one is
            not known, the other counts.
        :param dict what_if: by id of the stage entered: the rate to assume instead, per cent
        :param dict shares: by user id: the share of the work, per cent; without it by what load
            leaves of each manager's capacity
        :return: rates are per cent (0-100), False where there is none.

            * ``team``, ``manager``, ``currency`` (name), ``period``: ``date_from``, ``date_to``,
              ``basis``
            * ``target``: ``kind``, ``number``, ``amount``, ``average_deal``, ``own_average`` (of
              deals won, False without any), ``won_number``, ``won_amount`` (in the period so far)
            * ``pipeline``: ``clients`` (in work), ``number`` and ``amount``: ``expected``, ``low``,
              ``high`` (95 %) of what they bring within the period; ``unknown``: deals without
              history, left out
            * ``missing``: ``number``, ``amount``: target, less what is won and expected;
              ``covered``: won and expected in per cent of the target
            * ``stages`` of the funnel: ``id``, ``name``, ``is_first``, ``target_rate``,
              ``actual_rate``, ``entered`` (entries it rests on), ``what_if``, ``rate`` (the one
              that counts, into the stage), ``needed`` (clients for the whole target),
              ``standing`` (there now), ``to_bring`` (new clients, for what is missing),
              ``clients`` (new ones and those in work that come onto the stage), ``meetings``,
              ``calls``
            * ``path``: of a hundred clients on the first stage, how many are won
            * ``effort``: ``meetings`` and ``calls`` per stage move, ``moves`` they rest on (0:
              those of the settings), ``call_kind`` (``effective_call`` or ``warm_contact``)
            * ``managers``: ``id``, ``name``, ``share``, ``clients``, ``capacity`` (contacts of the
              period), ``contacts`` (planned), ``load`` (per cent)
            * ``lines``: by manager, week and stage: ``user_id``, ``week_start``, ``stage_id``,
              ``clients``, ``meetings``, ``calls``
            * ``weeks``: ``week_start``, ``new_clients``, ``meetings``, ``calls`` of all managers
            * ``totals``: ``new_clients``, ``meetings``, ``calls``, ``people_needed``
            * ``remarks``: sentences on what the plan lacks
        :rtype: dict
        :raise UserError: where an argument makes no sense
        :raise AccessError: for who does not lead the team
        """
        request = self._plan_request(
            team_id, user_id, (date_from, date_to), (target_kind, target, average_deal), basis
        )
        request = request._replace(
            what_if=self._rates_by_id(what_if), shares=self._rates_by_id(shares)
        )
        return self._plan(request)

    # -- the request --------------------------------------------------------------------------

    def _plan_request(self, team_id, user_id, days, target, basis):
        team = self.env["crm.control.board"]._board_team(team_id)
        if not team:
            raise UserError(self.env._("There is no sales team to plan for. Make one first."))
        self._check_head(team)
        company = team.company_id or self.env.company
        first, last = self._plan_days(company, *days)
        kind, number, average = target
        if kind not in (None, False, *dict(TARGET_KINDS)) or basis not in dict(BASES):
            raise UserError(
                self.env._(
                    "A target is a “number” or an “amount”, and a plan rests on “target” or "
                    "“actual” rates."
                )
            )
        if not kind:
            kind, number = "amount", number or self._invoicing_target(team, first, last)
        return PlanRequest(
            team,
            self._plan_manager(team, user_id),
            company,
            first,
            last,
            kind,
            self._not_negative(number),
            self._not_negative(average),
            basis,
            {},
            {},
        )

    def _invoicing_target(self, team, first, last):
        """Odoo's monthly invoicing target of a team, for the days of a period."""
        currency = (team.company_id or self.env.company).currency_id
        return currency.round(team.invoiced_target * float(planning.months(first, last)))

    def _check_head(self, team):
        if not self.env["crm.control.board"]._leads_team(team):
            raise AccessError(
                self.env._("Only who leads the sales team “%(team)s” plans for it.", team=team.name)
            )

    def _plan_manager(self, team, user_id):
        users = team.sudo().crm_team_member_ids.user_id
        if not user_id:
            return users.browse()
        if not isinstance(user_id, int) or user_id not in users.ids:
            raise UserError(
                self.env._("The manager is no member of the team. Choose one who is, or nobody.")
            )
        return users.browse(user_id)

    def _plan_days(self, company, date_from, date_to):
        today = company._funnel_today()
        try:
            first = fields.Date.to_date(date_from) or date_utils.start_of(today, "month")
            last = fields.Date.to_date(date_to) or date_utils.end_of(first, "month")
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise UserError(
                self.env._("Give the days of the plan as year-month-day, 2026-11-30 for example.")
            ) from error
        if first > last:
            raise UserError(self.env._("The plan ends before it begins. Swap its days."))
        if (last - first).days > 366:
            raise UserError(self.env._("Plan for a year at most."))
        if not within_calendar(first, last):
            raise UserError(self.env._("Choose days between the years 1970 and 9000."))
        return first, last

    def _not_negative(self, number):
        try:
            number = float(number or 0)
        except (TypeError, ValueError) as error:
            raise UserError(self.env._("Give the target as a number.")) from error
        if not 0 <= number < math.inf:
            raise UserError(self.env._("A target cannot be negative."))
        return number

    def _rates_by_id(self, rates):
        """Per cents by id; JSON knows text keys only."""
        try:
            rates = {int(key): float(value) for key, value in (rates or {}).items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise UserError(
                self.env._("Give rates and shares as per cents by id, {“12”: 80} for example.")
            ) from error
        if any(not 0 <= rate <= 100 for rate in rates.values()):
            raise UserError(self.env._("A rate, and a share, lies between 0 and 100 per cent."))
        return rates

    # -- the plan -----------------------------------------------------------------------------

    def _plan(self, request):
        target, deals = self._plan_target(request)
        pipeline = self._plan_pipeline(request, target["average_deal"])
        missing = self._plan_missing(request, target, pipeline)
        effort = self._effort(request)
        stages = self._plan_stages(request, deals, missing["number"], pipeline.pop("standing"))
        for stage in stages:
            moves = 0 if stage["is_first"] else stage["clients"]
            stage["meetings"] = moves * effort["meetings"]
            stage["calls"] = moves * effort["calls"]
        work = self._plan_work(request, stages)
        path = planning.forward(100, [stage["rate"] or None for stage in stages[1:]])[-1]
        return {
            "team": {"id": request.team.id, "name": request.team.display_name},
            "manager": {"id": request.user.id, "name": request.user.name or ""},
            "currency": request.company.currency_id.name,
            "period": {
                "date_from": fields.Date.to_string(request.date_from),
                "date_to": fields.Date.to_string(request.date_to),
            },
            "basis": request.basis,
            "target": target,
            "pipeline": pipeline,
            "missing": missing,
            "stages": stages,
            "path": False if path is None else float(path),
            "effort": effort,
            **work,
            "remarks": self._plan_remarks(target, pipeline, stages, work),
        }

    def _plan_target(self, request):
        """The target in deals and amount; deals is None where the average deal is not known."""
        own = self._average_deal(request)
        average = request.average_deal or own
        won_number, won_amount = self._won(request)
        if request.target_kind == "number":
            deals = planning.exact(request.target)
        else:
            deals = planning.exact(request.target) / planning.exact(average) if average else None
        number = planning.whole(deals)
        return {
            "kind": request.target_kind,
            "number": False if number is None else number,
            "amount": request.target
            if request.target_kind == "amount"
            else request.target * average,
            "average_deal": average,
            "own_average": own or False,
            "won_number": won_number,
            "won_amount": won_amount,
        }, number

    def _plan_missing(self, request, target, pipeline):
        """What neither is won nor expected, in whole deals."""
        name = request.target_kind
        expected = target[f"won_{name}"] + pipeline[name]["expected"]
        missing = max(0.0, request.target - expected)
        if name == "number":
            number = planning.whole(planning.exact(missing))
            amount = missing * target["average_deal"]
        else:
            average = target["average_deal"]
            number = (
                planning.whole(planning.exact(missing) / planning.exact(average))
                if average
                else False
            )
            amount = missing
        return {
            "number": number,
            "amount": amount,
            "covered": 100 * expected / request.target if request.target else 100.0,
        }

    def _plan_stages(self, request, deals, missing, standing):
        """Every stage of the funnel with its rate and the clients it needs."""
        stages = self._chain(request)
        rates = [stage["rate"] or None for stage in stages[1:]]
        needed = planning.reverse(deals or 0, rates)
        to_bring = planning.reverse(missing or 0, rates)
        counts = [standing.get(stage["id"], 0) for stage in stages]
        in_work = planning.passages(counts[:-1], rates)
        for place, stage in enumerate(stages):
            new = to_bring[place] or 0
            stage.update(
                needed=_or_false(planning.whole(needed[place])),
                to_bring=_or_false(planning.whole(to_bring[place])),
                standing=counts[place],
                clients=float(new + in_work[place]),
            )
        return stages

    def _plan_remarks(self, target, pipeline, stages, work):
        remarks = []
        if target["number"] is False:
            remarks.append(
                self.env._(
                    "No deal of the team has been won yet: give the average deal, and the plan "
                    "can be made."
                )
            )
        unknown = [stage["name"] for stage in stages[1:] if not stage["rate"]]
        if unknown:
            remarks.append(
                self.env._(
                    "No rate is known into %(stages)s: set a target there, or move its slider.",
                    stages=", ".join(unknown),
                )
            )
        if pipeline["unknown"]:
            remarks.append(
                self.env._(
                    "%(count)s clients in work have no history to compare them with: the forecast "
                    "leaves them out.",
                    count=pipeline["unknown"],
                )
            )
        if not work["managers"]:
            remarks.append(self.env._("The team has no members to divide the work among."))
        elif not work["weeks"]:
            remarks.append(self.env._("No working day of the period is left."))
        return remarks


def _or_false(number):
    return False if number is None else number
