from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import LazyTranslate, ormcache

_lt = LazyTranslate(__name__)

# Names stay the same in all teams: a client handed to another team keeps the answers.
_READY_QUESTIONS = (
    ("needs_product", _lt("Which product is needed?"), "char", ()),
    ("needs_volume", _lt("What volume, and how often?"), "char", ()),
    ("needs_delivery_date", _lt("By when is it needed?"), "date", ()),
    ("needs_supplier", _lt("Who is the present supplier?"), "char", ()),
    (
        "needs_decision",
        _lt("Who decides?"),
        "selection",
        (
            ("owner", _lt("Owner")),
            ("director", _lt("Director")),
            ("buyer", _lt("Head of purchasing")),
            ("several", _lt("Several people together")),
        ),
    ),
    ("needs_budget", _lt("What is the budget?"), "char", ()),
)


class CrmTeam(models.Model):
    """The questions every client of the team is asked."""

    _inherit = "crm.team"

    questions_text = fields.Text("Questions", compute="_compute_questions_text")
    lacks_ready_questions = fields.Boolean(compute="_compute_questions_text")

    @api.depends("questionnaire_definition")
    def _compute_questions_text(self):
        ready = {name for name, *_rest in _READY_QUESTIONS}
        for team in self:
            asked = {question["name"] for question in team.questionnaire_definition or ()}
            team.lacks_ready_questions = bool(ready - asked)
            team.questions_text = "\n".join(
                question.get("string") or question["name"]
                for question in team.questionnaire_definition or ()
                if question["type"] != "separator"
            )

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        if any(vals.get("questionnaire_definition") for vals in vals_list):
            self.env.registry.clear_cache()
        return teams

    def write(self, vals):
        result = super().write(vals)
        if "questionnaire_definition" in vals:
            self.env.registry.clear_cache()
            self.env["crm.lead"].sudo()._refresh_questionnaires(self)
        return result

    # -- actions ------------------------------------------------------------------------------

    def action_use_ready_questions(self):
        """Add the ready questions that the team does not ask yet.

        :raise AccessError: for who does not manage sales teams
        """
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(self.env._("Only sales administrators change a team's questions."))
        for team in self:
            definition = team.questionnaire_definition or []
            known = {question["name"] for question in definition}
            ready = [q for q in self._ready_questions() if q["name"] not in known]
            if ready:
                team.questionnaire_definition = definition + ready

    @api.model
    def _ready_questions(self):
        questions = []
        for name, question, kind, options in _READY_QUESTIONS:
            questions.append({"name": name, "string": self.env._(question), "type": kind})
            if options:
                questions[-1]["selection"] = [[key, self.env._(label)] for key, label in options]
        return questions

    @api.model
    @ormcache()
    def _teams_with_questions(self):
        """Ids of the teams that have a needs questionnaire."""
        teams = self.sudo().with_context(active_test=False).search(Domain.TRUE)
        return frozenset(teams.filtered("questionnaire_definition").ids)
