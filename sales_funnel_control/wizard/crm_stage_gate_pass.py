from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.crm_contact_log import KINDS
from ..tools.outside import as_id, as_ids

# Fields that answer what a level of minimum data asks for, as (kind, field).
_ADDRESS = (("lead", "street"), ("lead", "city"))
_BASICS = {
    "name": (("lead", "partner_name"),),
    "address": _ADDRESS,
    "phone": (("lead", "phone"),),
}
_PROPERTY_TYPES = {"monetary": "float"}
_SEPARATOR = "__"
_NEW_PERSON = "person__name"


class CrmStageGateForm(models.TransientModel):
    """The questions of one gate dialog. Nobody but the system writes them."""

    _name = "crm.stage.gate.form"
    _description = "What Is Missing at a Gate"

    definition = fields.PropertiesDefinition()


class CrmStageGatePass(models.TransientModel):
    """Fill in what a deal misses to enter a stage, and go on; or let it pass with a reason."""

    _name = "crm.stage.gate.pass"
    _description = "Enter the Stage"

    lead_ids = fields.Many2many("crm.lead", string="Deals", readonly=True)
    lead_id = fields.Many2one("crm.lead", compute="_compute_lead_id")
    stage_id = fields.Many2one("crm.stage", required=True, readonly=True, ondelete="cascade")
    form_id = fields.Many2one("crm.stage.gate.form", readonly=True, ondelete="cascade")
    answers = fields.Properties(definition="form_id.definition")
    has_answers = fields.Boolean(compute="_compute_has_answers")
    message = fields.Text(readonly=True)
    contact_kind = fields.Selection(KINDS, readonly=True)
    contact_person_id = fields.Many2one("res.partner", "With Whom")
    contact_result = fields.Char("Result", help="What came out of it, in one sentence.")
    contact_date = fields.Datetime("When", default=fields.Datetime.now)
    needs_quotation = fields.Boolean(readonly=True)
    has_quotation = fields.Boolean(compute="_compute_has_quotation")
    can_be_filled = fields.Boolean(readonly=True)
    may_override = fields.Boolean(compute="_compute_may_override")
    reason = fields.Char(help="Why the deal may pass without what is missing. It is listed.")

    # -- computes -----------------------------------------------------------------------------

    @api.depends("lead_ids")
    def _compute_lead_id(self):
        for wizard in self:
            wizard.lead_id = wizard.lead_ids if len(wizard.lead_ids) == 1 else False

    @api.depends("form_id")
    def _compute_has_answers(self):
        for wizard in self:
            wizard.has_answers = bool(wizard.form_id.sudo().definition)

    @api.depends("lead_ids")
    def _compute_has_quotation(self):
        for wizard in self:
            wizard.has_quotation = bool(wizard._quotations())

    def _quotations(self):
        return self.lead_id.order_ids.filtered(lambda order: order.state != "cancel")

    @api.depends("lead_ids")
    def _compute_may_override(self):
        for wizard in self:
            leads = wizard.lead_ids.with_env(self.env(su=False))
            wizard.may_override = leads._may_override_gate()

    @api.depends("stage_id")
    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = self.env._("Enter %(stage)s", stage=wizard.stage_id.name)

    # -- actions ------------------------------------------------------------------------------

    @api.model
    def open_for(self, lead_ids, stage_id, written=None):
        """The dialog for leads that cannot enter a stage yet.

        :param list lead_ids: the leads
        :param int stage_id: the stage to enter
        :param dict written: values the user gave already with the move that failed
        :return: window action
        """
        leads = self.env["crm.lead"].browse(as_ids(lead_ids)).exists()
        stage = self.env["crm.stage"].browse(as_id(stage_id)).exists()
        if not leads or len(stage) != 1:
            raise UserError(self.env._("The deal or the stage is not there any more."))
        leads.check_access("write")
        gaps = leads._gaps_before(stage)
        wizard = self.create(
            {
                "lead_ids": [Command.set(leads.ids)],
                "stage_id": stage.id,
                **self._values(leads, stage, gaps, written if isinstance(written, dict) else {}),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Enter %(stage)s", stage=stage.name),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [[False, "form"]],
            "target": "new",
        }

    def action_save_and_move(self):
        """Write what was filled in, and move the deal; or ask for what is still missing.

        :return: window action on the rest, or one that closes the dialog
        """
        self.ensure_one()
        lead = self.lead_id
        if not lead:
            raise UserError(self.env._("Several deals are completed one by one."))
        lead.check_access("write")
        self._save_answers(lead)
        self._log_contact(lead)
        if lead._gaps_before(self.stage_id):
            return self.open_for(lead.ids, self.stage_id.id)
        lead.write({"stage_id": self.stage_id.id})
        return self._done()

    def action_save_and_quote(self):
        """Write what was filled in, and make the quotation, or open the one that lacks something.

        :return: window action
        """
        self.ensure_one()
        self._save_answers(self.lead_id)
        self._log_contact(self.lead_id)
        quotations = self._quotations()
        if not quotations:
            return self.lead_id.action_sale_quotations_new()
        return quotations._get_records_action(
            name=self.env._("Quotations and Orders"), context={"create": False}
        )

    def action_override(self):
        """Let the deals pass with a reason."""
        self.ensure_one()
        self.lead_ids.action_override_gate(self.stage_id.id, self.reason or "")
        return self._done()

    def _done(self):
        return {"type": "ir.actions.act_window_close", "infos": {"moved": True}}

    # -- what is asked ------------------------------------------------------------------------

    def _values(self, leads, stage, gaps, written):
        if not gaps:
            # Somebody else filled it in meanwhile: nothing but the move is left to do.
            return {"can_be_filled": len(leads) == 1}
        values = {
            "message": "\n".join(line for lead in gaps for line in lead._gate_lines(gaps[lead]))
        }
        missing = [gap for lead in gaps for gap in gaps[lead]]
        if len(leads) > 1 or any(gap.is_rule for gap in missing):
            return values
        definition, answers = self._questions(leads, missing, written)
        contact = next((gap.key for gap in missing if gap.kind == "contact"), False)
        return {
            **values,
            "can_be_filled": True,
            "form_id": self.env["crm.stage.gate.form"].sudo().create({"definition": definition}).id,
            "answers": answers,
            "contact_kind": contact,
            "contact_person_id": contact and leads._gate_person().id,
            "needs_quotation": any(gap.kind == "quotation" for gap in missing),
        }

    def _questions(self, lead, missing, written):
        """Definition of the questions that fill the gaps, and answers known already."""
        asked = {}
        for gap in missing:
            if gap.kind in ("lead", "client", "person"):
                for kind, name in _ADDRESS if gap.key == "street" else [(gap.kind, gap.key)]:
                    asked[kind, name] = self._question(lead, kind, name)
            elif gap.kind == "basics":
                for key, is_known in lead.sudo()._known_basics().items():
                    for kind, name in () if is_known else _BASICS[key]:
                        asked[kind, name] = self._question(lead, kind, name)
        if any(kind == "person" for kind, _name in asked) and not lead._gate_person():
            asked["person", "name"] = self._question(lead, "person", "name")
        questions = list(asked.values())
        answers = {
            question["name"]: written[name]
            for (kind, name), question in asked.items()
            if kind == "lead" and written.get(name)
        }
        if any(gap.kind == "questionnaire" for gap in missing):
            for question in lead._open_questions():
                name = _SEPARATOR.join(("question", question["name"]))
                questions.append({**question, "name": name})
        return questions, answers

    def _question(self, lead, kind, name):
        record = lead if kind == "lead" else self.env["res.partner"]
        field = record._fields[name]
        question = {
            "name": _SEPARATOR.join((kind, name)),
            "type": _PROPERTY_TYPES.get(field.type, field.type),
            "string": lead._gap_label(kind, record, name),
        }
        if field.type == "selection":
            question["selection"] = [list(pair) for pair in field._description_selection(self.env)]
        elif field.type in ("many2one", "many2many"):
            question["comodel"] = field.comodel_name
        return question

    # -- what is written ----------------------------------------------------------------------

    def _given(self):
        """Values that were filled in, by kind and field."""
        given = {}
        values = self.answers._values
        for question in self.form_id.sudo().definition or []:
            value = values.get(question["name"])
            if not value:
                continue
            kind, _separator, name = question["name"].partition(_SEPARATOR)
            if question["type"] == "many2many":
                value = [Command.link(each) for each in value]
            given.setdefault(kind, {})[name] = value
        return given

    def _save_answers(self, lead):
        given = self._given()
        vals = given.get("lead", {})
        if "question" in given:
            vals["questionnaire"] = {**lead.questionnaire._values, **given["question"]}
        if vals:
            lead.write(vals)
        if "client" in given:
            if not lead.partner_id:
                lead._handle_partner_assignment(create_missing=True)
            lead._gate_client().write(given["client"])
        if "person" in given:
            self._save_person(lead, given["person"])

    def _save_person(self, lead, vals):
        person = lead._gate_person()
        if person:
            person.write(vals)
            return
        if not vals.get("name"):
            raise UserError(self.env._("Give the name of the contact person."))
        person = person.create({**vals, "parent_id": lead._gate_client().id})
        if not lead.partner_id:
            lead.partner_id = person

    def _log_contact(self, lead):
        if not self.contact_kind or not (self.contact_result or "").strip():
            return
        self.env["crm.contact.log"].create(
            {
                "kind": self.contact_kind,
                "lead_id": lead.id,
                "contact_id": self.contact_person_id.id,
                "date": self.contact_date,
                "result": self.contact_result,
            }
        )
