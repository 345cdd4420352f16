from datetime import date, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import date_utils

from ..tools import verdicts
from ..tools.outside import as_id, within_calendar
from .crm_team_member import SALES_ROLES

_DEFAULT_WEEKS = 13
# What a board can be asked for, and is where nothing is said.
_USUAL = {
    "team_id": None,
    "date_from": None,
    "date_to": None,
    "role": None,
    "adjust_for": (),
    "mature_only": True,
    "compare": False,
    "weeks": None,
}


class _Request(NamedTuple):
    """What a board is asked for, checked."""

    team: models.BaseModel
    date_from: date
    date_to: date
    role: str | None
    adjust_for: tuple
    mature_only: bool
    compare: bool

    @property
    def previous(self):
        """First and last day of the period before, equally long."""
        days = (self.date_to - self.date_from).days + 1
        return self.date_from - timedelta(days=days), self.date_from - timedelta(days=1)


class CrmControlBoard(models.AbstractModel):
    """The control board: one payload for the screen, for the workbook and for the digest.

    Nothing is stored. The figures come from the ledger under the reader's own record rules, the
    verdicts from :mod:`~..tools.verdicts`. See ``get_board`` for what is in it.
    """

    _name = "crm.control.board"
    _description = "Control Board"

    # What the comparison of managers can be adjusted for.
    _STRATA = ("lead_class", "source_id", "sales_role", "country_id")

    @api.model
    @api.readonly
    def get_board(
        self,
        team_id=None,
        date_from=None,
        date_to=None,
        role=None,
        adjust_for=(),
        mature_only=True,
        compare=False,
        weeks=None,
    ):
        """Conversion of every manager at every transition of a team, with fair verdicts.

        :param int team_id: sales team; without it the reader's own one
        :param str date_from: first day of the period, in the company's time zone
        :param str date_to: last day; today without it
        :param str role: ``hunter``, ``farmer`` or ``trainee``: only stays under this role
        :param list[str] adjust_for: strata of the mix that is levelled out: ``lead_class``,
            ``source_id``, ``sales_role``, ``country_id``
        :param bool mature_only: rates of mature entries only; verdicts always are
        :param bool compare: with the figures of the period before, equally long
        :param int weeks: without ``date_from``: so many ISO weeks, the last day's one included;
            thirteen where neither is given
        :return: the board. Rates, targets, gaps and intervals are per cent and points (0-100),
            False where there is none; ``entered`` and ``advanced`` count opportunities.

            * ``team``, ``teams`` (to choose from), ``period`` (its days, and those of the one
              before), ``minimum`` and ``tolerance`` (of the verdicts), ``sees_team`` (whether the
              reader sees everybody, or only him- or herself)
            * ``transitions``: ``id`` (of the stage it leads into), ``name``, ``from_name``, the
              whole team's ``entered``, ``advanced``, ``rate``, ``low``, ``high``, ``target``,
              ``gap``, ``horizon`` (days after which an entry is mature)
            * ``path``: of a hundred in the first stage, how many pass all transitions: the team's
              ``rate``, and ``target``
            * ``managers``: ``key``, ``id`` (of the user), ``name``, ``sales_role``, ``entered``,
              ``mature_share``, ``path_rate``, ``worst_gap``, ``color`` (a number that stays)
            * ``cells``: ``key`` and ``manager`` (of the manager), ``transition``, ``entered``,
              ``advanced``, ``rate``, ``low``, ``high`` (Wilson 95 %), ``target``, ``gap``,
              ``adjusted_rate``, ``young_entered``, ``young_advanced``, ``young_rate`` (too young),
              ``missing`` (entries that a verdict lacks), ``verdict`` (``below``, ``on_target``,
              ``above``, ``insufficient``, False without a target), ``explanation``
            * ``teach``: ``learner``, ``teacher`` (keys), ``transition``, both rates
            * ``standing``: clients in work: ``count``, ``without_next_step``,
              ``over_normal_time`` (on their stage), ``over_cycle`` (past the normal cycle);
              ``now``: the same by stage and manager
            * ``flow``, ``refusals``: see the methods of those names
        :rtype: dict
        :raise UserError: where an argument makes no sense
        """
        request = self._board_request(
            {
                "team_id": team_id,
                "date_from": date_from,
                "date_to": date_to,
                "role": role,
                "adjust_for": adjust_for,
                "mature_only": mature_only,
                "compare": compare,
                "weeks": weeks,
            }
        )
        figures = self._figures(request)
        rules = self._rules()
        return {
            "team": self._name_of(request.team),
            "teams": [self._name_of(team) for team in self._readable_teams()],
            "period": self._period(request),
            "minimum": rules.minimum,
            "tolerance": rules.tolerance,
            "sees_team": self._sees_team(request),
            **self._figure(request, figures, rules),
            **self._present(request),
            "flow": self._flow(request),
            "refusals": self._refusals(request),
        }

    # -- the request --------------------------------------------------------------------------

    def _board_request(self, options):
        """Check what a board is asked for.

        :param dict options: arguments of :meth:`get_board`, or none
        :rtype: _Request
        """
        options = options or {}
        if not isinstance(options, dict) or not _USUAL.keys() >= options.keys():
            raise UserError(
                self.env._("The options of a board are: %(names)s.", names=", ".join(_USUAL))
            )
        options = {**_USUAL, **options}
        ledger = self.env["crm.lead.stage.history"]
        ledger.check_access("read")
        ledger._interpret()
        team = self._board_team(options["team_id"])
        role = options["role"] or None
        if role and role not in list(dict(SALES_ROLES)):
            raise UserError(
                self.env._(
                    "“%(role)s” is no role. Choose one of: %(roles)s.",
                    role=role,
                    roles=", ".join(dict(SALES_ROLES)),
                )
            )
        return _Request(
            team,
            *self._board_dates(team, options["date_from"], options["date_to"], options["weeks"]),
            role,
            self._board_strata(options["adjust_for"]),
            bool(options["mature_only"]),
            bool(options["compare"]),
        )

    def _board_team(self, team_id):
        teams = self._readable_teams()
        if not team_id:
            mine = teams.filtered(
                lambda team: self.env.user in team.member_ids | team.user_id
            ) or teams.filtered(lambda team: team.has_own_funnel)
            return (mine or teams)[:1]
        if as_id(team_id) not in teams.ids:
            raise UserError(
                self.env._("There is no such sales team, or you may not see it. Choose another.")
            )
        return teams.browse(team_id)

    def _readable_teams(self):
        return self.env["crm.team"].search([("use_opportunities", "=", True)])

    def _board_dates(self, team, date_from, date_to, weeks):
        company = team.company_id or self.env.company
        today = company._funnel_today()
        try:
            date_to = fields.Date.to_date(date_to) or today
            weeks = int(weeks or _DEFAULT_WEEKS)
            first_week = date_utils.start_of(date_to, "week") - timedelta(weeks=weeks - 1)
            date_from = fields.Date.to_date(date_from) or first_week
        except (TypeError, ValueError, OverflowError, AttributeError) as error:
            raise UserError(
                self.env._(
                    "Give the days of the period as year-month-day, 2026-11-22 for example, "
                    "and weeks as a number."
                )
            ) from error
        if not 1 <= weeks <= 520:
            raise UserError(self.env._("Choose between one week and ten years of weeks."))
        if date_from > date_to:
            raise UserError(self.env._("The period ends before it begins. Swap its days."))
        if not within_calendar(date_from, date_to):
            raise UserError(self.env._("Choose days between the years 1970 and 9000."))
        return date_from, date_to

    def _board_strata(self, adjust_for):
        adjust_for = adjust_for or ()
        if isinstance(adjust_for, str):
            adjust_for = (adjust_for,)
        if not isinstance(adjust_for, list | tuple) or any(
            name not in self._STRATA for name in adjust_for
        ):
            raise UserError(
                self.env._(
                    "The comparison can be adjusted for: %(strata)s.",
                    strata=", ".join(self._STRATA),
                )
            )
        return tuple(name for name in self._STRATA if name in adjust_for)

    def _rules(self):
        parameter = self.env["ir.config_parameter"].sudo().get_param
        default = verdicts.Rules()
        return verdicts.Rules(
            minimum=int(parameter("sales_funnel_control.minimum_entries") or default.minimum),
            tolerance=float(parameter("sales_funnel_control.tolerance", default.tolerance) or 0),
        )

    def _period(self, request):
        previous_from, previous_to = request.previous
        return {
            "date_from": fields.Date.to_string(request.date_from),
            "date_to": fields.Date.to_string(request.date_to),
            "previous_from": fields.Date.to_string(previous_from),
            "previous_to": fields.Date.to_string(previous_to),
        }

    def _sees_team(self, request):
        """Whether the reader's rules show the rows of everybody in the team."""
        return self._leads_team(request.team)

    def _leads_team(self, team):
        """Whether the reader leads the team, or sees everybody's documents anyway."""
        return self.env.su or (
            self.env.user.has_group("sales_team.group_sale_salesman_all_leads")
            or team.user_id == self.env.user
        )

    @staticmethod
    def _name_of(record):
        return {"id": record.id, "name": record.display_name}
