from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..tools.outside import as_id

_GATED_FIELDS = {"stage_id", "team_id", "type", "user_id"}
# Context keys whose values no client can send: what they say is the server's own.
_MANNER = "sales_funnel_control.gate_manner"
DEFERRAL = "sales_funnel_control.gate_deferral"
_LINES = 50


class Deferral:
    """Leads to check later, and what was found then.

    ``places``: where leads stood, for the gates; ``worked``: ids of leads of blacklisted clients.
    """

    def __init__(self):
        self.places = {}
        self.worked = set()
        self.messages = []


class Manner(NamedTuple):
    """How leads come to pass gates that are not opened for them.

    :param how: one of the ways ``crm.stage.bypass`` knows, or None to leave no trace
    """

    how: str | None
    reason: str = ""


class Place(NamedTuple):
    """Where a lead stood before it was written.

    :param left: stages it left just now: for as long a move may be undone
    :param stood_on: the last stage on which it stood in the funnel
    """

    stage_id: int | None
    team_id: int | None
    user_id: int | None
    type: str
    left: frozenset = frozenset()
    stood_on: int | None = None


class GateClosed(ValidationError):
    """A lead misses something to enter a stage. The web client lets it be filled in."""

    def __init__(self, message, gate):
        super().__init__(message)
        self.context = {"exception_class": "odoo.exceptions.ValidationError", "gate": gate}


class CrmLead(models.Model):
    """Moves of leads are checked where somebody wrote them, after they were written.

    A check that fails undoes the move with its transaction. Stages that follow from another team
    are nobody's doing: they are let through, and listed.
    """

    _inherit = "crm.lead"

    bypass_ids = fields.One2many("crm.stage.bypass", "lead_id", readonly=True, copy=False)

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        leads = super().create(vals_list)
        if self._has_gates():
            default = self.env.context.get("default_stage_id")
            written = [
                lead.id
                for lead, vals in zip(leads, vals_list, strict=True)
                if vals.get("stage_id") or default
            ]
            leads._pass_gates({}, leads.browse(written))
        return leads

    def write(self, vals):
        if _GATED_FIELDS.isdisjoint(vals) or not self._has_gates():
            return super().write(vals)
        is_written = "stage_id" in vals or "type" in vals
        steps = self._last_steps() if is_written else {}
        former = {
            lead.id: Place(
                lead.stage_id.id,
                lead.team_id.id,
                lead.user_id.id,
                lead.type,
                *steps.get(lead.id, ()),
            )
            for lead in self
        }
        result = super().write(vals)
        self._pass_gates(former, self if is_written else self.browse(), vals)
        return result

    def _merge_opportunity(self, *args, **kwargs):
        """The survivor of a merge stands where the deals stood before."""
        leads = self._in_manner(None)
        survivor = super(CrmLead, leads)._merge_opportunity(*args, **kwargs)
        return survivor.with_env(self.env)

    def _merge_dependences(self, opportunities):
        opportunities.sudo().bypass_ids.write({"lead_id": self.id})
        return super()._merge_dependences(opportunities)

    # -- actions ------------------------------------------------------------------------------

    def action_override_gate(self, stage_id, reason):
        """Move the leads into a stage although they miss something. It is listed who did, and why.

        :param int stage_id: the stage to enter
        :param str reason: why the leads may pass
        :raise AccessError: for who neither manages sales nor leads the team
        :raise UserError: without a reason, or without such a stage
        """
        self._check_may_override()
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("Say why the deal may pass without what is missing."))
        stage = self.env["crm.stage"].browse(as_id(stage_id)).exists()
        if len(stage) != 1:
            raise UserError(self.env._("This stage does not exist. Choose another one."))
        self._in_manner("override", reason.strip()).write({"stage_id": stage.id})
        return True

    def _may_override_gate(self):
        """Whether the user lets leads pass a gate: a sales administrator or the team's leader."""
        return (
            self.env.su
            or self.env.user.has_group("sales_team.group_sale_manager")
            or all(lead.team_id.user_id == self.env.user for lead in self)
        )

    def _check_may_override(self):
        self.check_access("write")
        if not self._may_override_gate():
            raise AccessError(
                self.env._(
                    "Only the team's leader and sales administrators let a deal pass a gate."
                )
            )

    def _in_manner(self, how, reason=""):
        return self.with_context(**{_MANNER: Manner(how, reason)})

    # -- passing ------------------------------------------------------------------------------

    @api.model
    def _has_gates(self):
        return bool(self.env["crm.stage"]._gates() or self.env["crm.team.member"]._trainees())

    def _pass_gates(self, former, written, vals=()):
        """Check the leads of ``self`` that moved, or that were given to somebody else.

        :param dict former: :class:`Place` by lead id, as it was before; none for new leads
        :param written: those whose stage, or coming into the funnel, somebody wrote
        :param vals: names of the fields written
        :raise GateClosed: where something is missing
        """
        moves = self._moves(former)
        given = self._given(former)
        if not moves and not given:
            return
        manner = self.env.context.get(_MANNER)
        manner = manner if isinstance(manner, Manner) else self._manner_of_the_moment()
        if manner and not manner.how:
            return
        deferral = self.env.context.get(DEFERRAL)
        if isinstance(deferral, Deferral) and not manner:
            # Those that moved, from where they stood at first.
            for lead in self.filtered(lambda lead: lead in moves or lead in given):
                deferral.places.setdefault(lead.id, (former.get(lead.id), lead in written))
            return
        gaps = self._gate_gaps(moves, given, former)
        if not gaps:
            return
        enforced = {lead: gaps[lead] for lead in gaps if lead in written or lead in given}
        if enforced and not manner:
            raise self._gate_closed(enforced, former, vals)
        how = manner or Manner("team_change")
        self.env["crm.stage.bypass"].sudo()._note(gaps, how.how, how.reason, former)

    def _manner_of_the_moment(self):
        if not self.env["crm.lead.refusal"]._is_enforcement_off():
            return None
        return Manner("off" if self.env.registry.ready else None)

    def _moves(self, former):
        """:class:`Move` of the opportunities that moved, or became ones, by lead."""
        moves = {}
        for lead in self:
            if lead.type != "opportunity" or not lead.stage_id:
                continue
            place = former.get(lead.id)
            start = place.stage_id if place and place.type == "opportunity" else None
            if lead.stage_id.id != start:
                moves[lead] = lead._move_from(start, lead.stage_id.id)
        return moves

    def _given(self, former):
        """Opportunities beyond cold work that came to a trainee just now."""
        if not self.env["crm.team.member"]._trainees():
            return self.browse()

        def is_new(lead):
            place = former.get(lead.id)
            now = (lead.stage_id.id, lead.team_id.id, lead.user_id.id, lead.type)
            return not place or now != place[:4]

        return self.filtered(
            lambda lead: (
                lead.type == "opportunity"
                and lead._is_beyond_trainee(lead.stage_id.id)
                and is_new(lead)
            )
        )

    def _is_beyond_trainee(self, stage_id):
        """Whether it is a trainee who would have the lead on a stage beyond cold work."""
        trainees = self.env["crm.team.member"]._trainees()
        people = {(self.team_id.id, self.user_id.id), (self.team_id.id, self.env.uid)}
        return (
            not people.isdisjoint(trainees)
            and stage_id in self.env["crm.stage"]._blocks_beyond_trainees()
        )

    # -- what is said -------------------------------------------------------------------------

    def _gate_closed(self, gaps, former, vals=()):
        """The error that names, for every lead, what it misses.

        New leads are gone with the error: the form they were typed in is where to mend them.
        """
        lines = [line for lead, missing in gaps.items() for line in lead._gate_lines(missing)]
        if len(lines) > _LINES:
            more = len(lines) - _LINES
            lines = [*lines[:_LINES], self.env._("And %(count)s more.", count=more)]
        stages = {lead.stage_id.id for lead in gaps}
        gate = {
            "lead_ids": [lead.id for lead in gaps if lead.id in former],
            "stage_id": stages.pop() if len(stages) == 1 else False,
            "written": {
                name: vals[name]
                for name in vals
                if isinstance(vals, dict)
                and name in self._fields
                and isinstance(vals[name], str | int | float)
            },
        }
        return GateClosed("\n".join(lines), gate)

    def _gate_lines(self, missing):
        """One sentence for every stage that the lead cannot enter."""
        self.ensure_one()
        by_stage = {}
        for gap in missing:
            by_stage.setdefault(gap.stage_id, []).append(gap)
        for stage_id, gaps in by_stage.items():
            rules = [gap.label for gap in gaps if gap.is_rule]
            yield from rules
            things = [gap.label for gap in gaps if not gap.is_rule]
            if things:
                yield self.env._(
                    "%(stage)s: to enter it, %(lead)s still needs: %(things)s.",
                    stage=self.env["crm.stage"].browse(stage_id).sudo().name,
                    lead=self.sudo().display_name,
                    things=", ".join(things),
                )
