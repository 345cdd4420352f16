from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import ormcache

from ..tools import questionnaire
from .crm_contact_log import KINDS

GATE_LEVELS = [
    ("contact", "Contact: two of name, address and phone"),
    ("potential", "Potential client: address, contact person and position"),
    ("need", "Need: the questionnaire is complete"),
    ("buyer", "Buyer: a quotation with products, a delivery date and payment terms"),
    ("regular", "Regular buyer: such a quotation, confirmed as an order"),
]
# Kinds of fields that can be asked for, and filled, one beside the other.
_ASKABLE = ("char", "text", "integer", "float", "monetary", "date", "datetime", "selection")
_ASKABLE_RELATIONS = ("many2one", "many2many")


class Gate(NamedTuple):
    """What a lead needs to enter a stage, and how it may come and go."""

    lead_fields: tuple
    client_fields: tuple
    person_fields: tuple
    asks_basics: bool
    asks_potential: bool
    asks_questionnaire: bool
    contact_kind: str | None
    asks_quotation: bool
    asks_terms: bool
    asks_order: bool
    forbids_skipping: bool
    forbids_moving_back: bool


def _askable(model):
    return [
        ("model", "=", model),
        ("store", "=", True),
        ("readonly", "=", False),
        ("ttype", "in", _ASKABLE + _ASKABLE_RELATIONS),
        ("name", "not in", ("stage_id", "team_id", "type")),
    ]


class CrmStage(models.Model):
    """Gates: what must be known of a client before it enters a stage."""

    _inherit = "crm.stage"

    # Read with each other, and not with what Odoo reads ahead of a stage with every move.
    gate_level = fields.Selection(
        GATE_LEVELS,
        "Minimum Data",
        help="What must be known of a client that enters this stage, or jumps over it.",
        prefetch="funnel",
    )
    gate_lead_field_ids = fields.Many2many(
        "ir.model.fields",
        "crm_stage_gate_lead_field_rel",
        groups="sales_team.group_sale_manager",
        string="Fields of the Deal",
        domain=lambda self: _askable("crm.lead"),
        help="Fields of the opportunity that must be filled before it enters this stage. "
        "A number of 0 counts as empty.",
    )
    gate_client_field_ids = fields.Many2many(
        "ir.model.fields",
        "crm_stage_gate_client_field_rel",
        groups="sales_team.group_sale_manager",
        string="Fields of the Client",
        domain=lambda self: _askable("res.partner"),
        help="Fields of the client, the company that buys, that must be filled.",
    )
    gate_person_field_ids = fields.Many2many(
        "ir.model.fields",
        "crm_stage_gate_person_field_rel",
        groups="sales_team.group_sale_manager",
        string="Fields of the Contact Person",
        domain=lambda self: _askable("res.partner"),
        help="Fields of the person you talk to that must be filled: the contact of the deal or, "
        "where that is a company, its decision maker.",
    )
    gate_questionnaire = fields.Boolean(
        "Questionnaire Complete",
        help="All questions of the team's needs questionnaire answered.",
        prefetch="funnel",
    )
    gate_contact_kind = fields.Selection(
        KINDS,
        "Contact Logged",
        help="A contact of this kind with the client must have been logged for the deal. "
        "Attempts where you did not talk to them, and contacts that wait to be confirmed, "
        "do not count.",
        prefetch="funnel",
    )
    gate_quotation = fields.Boolean(
        "Quotation Made",
        help="There is a quotation or an order that is not cancelled, whatever it says.",
        prefetch="funnel",
    )
    forbid_skipping = fields.Boolean(
        "No Jumping Over Earlier Stages",
        help="A deal comes here step by step: every stage before this one was stood on.",
        prefetch="funnel",
    )
    forbid_moving_back = fields.Boolean(
        "No Moving Back",
        help="A deal that came to this stage does not go back to an earlier one. "
        "A move made by mistake can be undone within the grace time.",
        prefetch="funnel",
    )
    has_gate = fields.Boolean(compute="_compute_gate_summary", compute_sudo=True)
    gate_summary = fields.Char(
        "Gate",
        compute="_compute_gate_summary",
        compute_sudo=True,
        help="What a deal needs to enter this stage.",
    )
    teams_without_questions = fields.Char(
        compute="_compute_teams_without_questions",
        compute_sudo=True,
        help="Teams whose deals pass the questionnaire at this gate because they ask nothing.",
    )

    # -- computes -----------------------------------------------------------------------------

    @api.depends(
        "gate_level",
        "gate_lead_field_ids",
        "gate_client_field_ids",
        "gate_person_field_ids",
        "gate_questionnaire",
        "gate_contact_kind",
        "gate_quotation",
        "forbid_skipping",
        "forbid_moving_back",
    )
    def _compute_gate_summary(self):
        for stage in self:
            parts = list(stage._gate_parts())
            stage.has_gate = bool(parts)
            stage.gate_summary = ", ".join(parts)

    def _gate_parts(self):
        self.ensure_one()
        for name in ("gate_level", "gate_contact_kind"):
            if self[name]:
                field = self._fields[name]
                yield dict(field._description_selection(self.env))[self[name]]
        fields_asked = (
            self.gate_lead_field_ids | self.gate_client_field_ids | self.gate_person_field_ids
        )
        yield from fields_asked.sudo().mapped("field_description")
        for name in ("gate_questionnaire", "gate_quotation"):
            if self[name]:
                yield self._fields[name]._description_string(self.env)
        for name in ("forbid_skipping", "forbid_moving_back"):
            if self[name]:
                yield self._fields[name]._description_string(self.env)

    @api.depends("gate_level", "gate_questionnaire", "team_ids.questionnaire_definition")
    def _compute_teams_without_questions(self):
        for stage in self:
            teams = stage._teams_without_questions()
            stage.teams_without_questions = ", ".join(teams.mapped("name"))

    def _teams_without_questions(self):
        """The teams of the stage that ask no question, where its gate asks for the answers."""
        self.ensure_one()
        if not (self.gate_questionnaire or self.gate_level == "need"):
            return self.env["crm.team"]
        teams = self.team_ids or self.env["crm.team"].search(
            [("use_opportunities", "=", True), ("has_own_funnel", "=", False)]
        )
        return teams.filtered(
            lambda team: not questionnaire.questions(team.questionnaire_definition)
        )

    # -- ORM ----------------------------------------------------------------------------------

    def write(self, vals):
        result = super().write(vals)
        if any(name.startswith(("gate_", "forbid_", "work_block")) for name in vals):
            self.env.registry.clear_cache()
        return result

    # -- actions ------------------------------------------------------------------------------

    def action_use_ready_questions(self):
        """Give the ready questions to the stage's teams that ask nothing.

        :raise AccessError: for who does not manage sales teams
        """
        self.ensure_one()
        self._teams_without_questions().action_use_ready_questions()

    # -- gates --------------------------------------------------------------------------------

    @api.model
    @ormcache()
    def _gates(self):
        """The :class:`Gate` of every stage that has one, by stage id."""
        stages = self.sudo().with_context(active_test=False).search(Domain.TRUE)
        gates = {stage.id: stage._gate() for stage in stages}
        return {stage_id: gate for stage_id, gate in gates.items() if any(gate)}

    def _gate(self):
        self.ensure_one()
        return Gate(
            lead_fields=tuple(self.gate_lead_field_ids.mapped("name")),
            client_fields=tuple(self.gate_client_field_ids.mapped("name")),
            person_fields=tuple(self.gate_person_field_ids.mapped("name")),
            asks_basics=self.gate_level == "contact",
            asks_potential=self.gate_level == "potential",
            asks_questionnaire=self.gate_questionnaire or self.gate_level == "need",
            contact_kind=self.gate_contact_kind or None,
            asks_quotation=self.gate_quotation,
            asks_terms=self.gate_level in ("buyer", "regular"),
            asks_order=self.gate_level == "regular",
            forbids_skipping=self.forbid_skipping,
            forbids_moving_back=self.forbid_moving_back,
        )

    @api.model
    @ormcache()
    def _blocks_beyond_trainees(self):
        """Ids of the stages that trainees do not work on."""
        return frozenset(self.sudo().search([("work_block", "in", ("2", "3"))]).ids)
