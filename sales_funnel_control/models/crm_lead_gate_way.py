from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from .crm_lead_gate_gaps import Gap


class CrmLead(models.Model):
    """What the way of a lead forbids at a gate, so that nobody can fill it in.

    There is no going back from some stages and no jumping over others to come to some, and a
    trainee does not go beyond cold work.
    """

    _inherit = "crm.lead"

    def _gaps_back(self, move, gates, place):
        """Stages that nobody goes back from, on the way to an earlier stage."""
        start, target = move
        funnel = self.env["crm.stage"]._funnel(self.team_id.id)
        low = funnel.rank(target)
        # Who was a lead for a moment has not come from nowhere.
        start = start or (place and place.stood_on)
        high = funnel.rank(start) if start else 0
        if not low or low >= high:
            return
        if place and target in place.left:
            return
        for step in funnel.steps.values():
            gate = gates.get(step.stage_id)
            if gate and gate.forbids_moving_back and low < step.rank <= high:
                stage = self.env["crm.stage"].browse(step.stage_id).sudo()
                label = self.env._(
                    "%(stage)s: nobody goes back from it, %(lead)s stays where it is.",
                    stage=stage.name,
                    lead=self.sudo().display_name,
                )
                yield Gap(step.stage_id, "back", None, label)

    def _last_steps(self):
        """Of leads in the funnel, as the ledger has them, where moving back is forbidden at all.

        :return: ``(stages left within the grace time, stage of the last stay)`` by lead id
        """
        gates = self.env["crm.stage"]._gates()
        if not any(gate.forbids_moving_back for gate in gates.values()):
            return {}
        ledger = self.env["crm.lead.stage.history"].sudo()
        ledger._catch_up()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT lead_id,
                       ARRAY_AGG(stage_id) FILTER (WHERE left_at > %(since)s),
                       (ARRAY_AGG(stage_id ORDER BY entered_at DESC, left_at DESC, id DESC))[1]
                  FROM crm_lead_stage_history
                 WHERE lead_id = ANY(%(leads)s)
              GROUP BY lead_id
                """,
                since=fields.Datetime.now() - timedelta(minutes=ledger._undo_grace()),
                leads=self.ids,
            )
        )
        return {lead_id: (frozenset(left or ()), last) for lead_id, left, last in rows}

    def _gap_of_trainee(self, stage_id):
        stage = self.env["crm.stage"].browse(stage_id).sudo()
        label = self.env._(
            "%(stage)s is beyond cold work, and %(lead)s is worked by a trainee. "
            "Hand it to another manager together with the move.",
            stage=stage.name,
            lead=self.sudo().display_name,
        )
        return Gap(stage_id, "trainee", None, label)

    def _add_skipped(self, gaps, moves, entered, gates):
        """Add the stages that were jumped over on the way to one that is reached step by step."""
        jumped = {}
        for lead, stage_ids in entered.items():
            for stage_id in stage_ids:
                if gates[stage_id].forbids_skipping:
                    before = lead._jumped_before(stage_id, moves[lead].start)
                    if before:
                        jumped[lead, stage_id] = before
        if not jumped:
            return
        stood = self._stages_stood_on({lead.id for lead, _stage_id in jumped})
        for (lead, stage_id), before in jumped.items():
            skipped = [step for step in before if (lead.id, step) not in stood]
            if skipped:
                stages = self.env["crm.stage"].browse([stage_id, *skipped]).sudo()
                label = self.env._(
                    "%(stage)s is reached step by step: %(lead)s would jump over %(skipped)s.",
                    stage=stages[0].name,
                    lead=lead.sudo().display_name,
                    skipped=", ".join(stages[1:].mapped("name")),
                )
                gaps.setdefault(lead, []).append(Gap(stage_id, "skipped", None, label))

    def _jumped_before(self, stage_id, start):
        funnel = self.env["crm.stage"]._funnel(self.team_id.id)
        return funnel.between(start, stage_id) if start else funnel.before(stage_id)

    def _stages_stood_on(self, lead_ids):
        """``(lead id, stage id)`` of the stages the leads stood on already."""
        rows = (
            self.env["crm.lead.stage.history"]
            .sudo()
            ._read_group(
                [("lead_id", "in", list(lead_ids)), ("is_skipped", "=", False)],
                ["lead_id", "stage_id"],
            )
        )
        return {(lead.id, stage.id) for lead, stage in rows}
