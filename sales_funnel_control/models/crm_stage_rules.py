from typing import NamedTuple

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date, ormcache

_RULE_FIELDS = {"activity_plan_id", "drops_undone", "is_won", "work_block"}


class StagesWithRules(NamedTuple):
    """Ids of stages that start a plan, of those that drop what is left of it, of those in closing.

    Hardly any stage has such a rule, and leads come to stages all the time.
    """

    planned: frozenset
    dropping: frozenset
    closing: frozenset


class CrmStage(models.Model):
    """The rules of a stage: what is to be done on it, by when, and what is sent to the client."""

    _inherit = "crm.stage"

    activity_plan_id = fields.Many2one(
        "mail.activity.plan",
        domain="[('res_model', '=', 'crm.lead')]",
        ondelete="set null",
        help="Starts on every opportunity that comes to the stage. "
        "“Ask at launch” means the opportunity's salesperson.",
    )
    drops_undone = fields.Boolean(
        "Drop What Is Not Done",
        help="Activities of the plan that are still open are deleted when the opportunity leaves "
        "the stage. Else they stay to be done.",
    )
    material_ids = fields.Many2many(
        "ir.attachment",
        "crm_stage_material_rel",
        "stage_id",
        "attachment_id",
        "Material to Send",
        help="Files that the client gets on this stage, with “Send Material” on the opportunity.",
    )
    material_template_id = fields.Many2one(
        "mail.template",
        "Mail with the Material",
        domain="[('model', '=', 'crm.lead')]",
        ondelete="set null",
        prefetch="funnel",
    )

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        stages = super().create(vals_list)
        stages._own_material()
        self.env.registry.clear_cache()
        return stages

    def write(self, vals):
        result = super().write(vals)
        if "material_ids" in vals:
            self._own_material()
        if not _RULE_FIELDS.isdisjoint(vals):
            self.env.registry.clear_cache()
        return result

    def _own_material(self):
        """Who may read the stage may read, and send, its material."""
        for stage in self.sudo():
            loose = stage.material_ids.filtered(
                lambda file: not file.res_id and (self.env.su or file.create_uid == self.env.user)
            )
            loose.write({"res_model": "crm.stage", "res_id": stage.id})

    # -- coming to a stage, and leaving it --------------------------------------------------------

    def _on_entered(self, leads):
        result = super()._on_entered(leads)
        if self.id in self._stages_with_rules().planned and not self._are_rules_off():
            self._start_plan(leads)
            self.env.flush_all()
        return result

    def _on_left(self, leads):
        result = super()._on_left(leads)
        if self.id in self._stages_with_rules().dropping and not self._are_rules_off():
            self._open_activities(leads).unlink()
            self.env.flush_all()
        return result

    @api.model
    @ormcache()
    def _stages_with_rules(self):
        planned = Domain("activity_plan_id", "!=", False)
        closing = Domain("work_block", "=", "3") & Domain("is_won", "=", False)
        names = ["activity_plan_id", "drops_undone", "is_won", "work_block"]
        stages = self.sudo().search_fetch(planned | closing, names)
        with_plan = stages.filtered("activity_plan_id")
        return StagesWithRules(
            frozenset(with_plan.ids),
            frozenset(with_plan.filtered("drops_undone").ids),
            frozenset(stages.filtered_domain(closing).ids),
        )

    def _are_rules_off(self):
        """A list that is imported would start thousands of activities at once."""
        return (
            self.env.context.get("import_file")
            or self.env.context.get("install_mode")
            or not self.env.registry.ready
        )

    def _open_activities(self, leads):
        """What is still to be done on the leads by the rules of the stage."""
        return self.env["mail.activity"].search(
            [
                ("res_model", "=", "crm.lead"),
                ("res_id", "in", leads.ids),
                ("rule_stage_id", "=", self.id),
            ]
        )

    def _start_plan(self, leads):
        """Start the stage's plan on the leads, but for what is open from their last time here."""
        plan = self.activity_plan_id
        if not plan.active:
            return
        if plan.company_id:
            leads = leads.filtered(lambda lead: lead.company_id.id in (False, plan.company_id.id))
        still_open = {
            (activity.res_id, activity.plan_line_id.id) for activity in self._open_activities(leads)
        }
        steps = {}
        for lead in leads:
            lines = plan.template_ids.filtered(
                lambda line, lead=lead: (lead.id, line.id) not in still_open
            )
            if lines:
                steps[lead] = self._steps_on(lead, lines)
        try:
            with self.env.cr.savepoint():
                self._create_activities(sum((started for started, _failed in steps.values()), []))
        except UserError as error:
            # The opportunity has come to the stage all the same.
            steps = {lead: ([], [*failed, str(error)]) for lead, (_s, failed) in steps.items()}
        if steps:
            notes = {lead.id: self._plan_note(*each) for lead, each in steps.items()}
            leads.browse(notes)._message_log_batch(bodies=notes)

    def _steps_on(self, lead, lines):
        """The activities to create on the lead, and why others cannot be."""
        started, failed = [], []
        for line in lines:
            determined = line._determine_responsible(lead.user_id, lead)
            user = determined["responsible"]
            if user and user.active and not determined["error"]:
                started.append(self._activity_values(line, lead, user))
            else:
                failed.append(
                    determined["error"]
                    or self.env._(
                        "Nobody is responsible for “%(activity)s”.",
                        activity=line.summary or line.activity_type_id.name,
                    )
                )
        return started, failed

    def _activity_values(self, line, lead, user):
        """As Odoo's wizard launches a plan, see ``mail.activity.schedule.action_schedule_plan``."""
        today = (lead.company_id or self.env.company)._funnel_today()
        return {
            "res_model_id": self.env["ir.model"]._get_id("crm.lead"),
            "res_id": lead.id,
            "activity_type_id": line.activity_type_id.id,
            "automated": False,
            "summary": line.summary,
            "note": self._step_note(line),
            "user_id": user.id,
            "date_deadline": line._get_date_deadline(today),
            "rule_stage_id": self.id,
            "plan_line_id": line.id,
        }

    def _step_note(self, line):
        """The step's own note; where material is to be sent, also what it is and how to send it."""
        files = ", ".join(self.material_ids.mapped("name")) or self.material_template_id.name
        if not files or line.activity_type_id.contact_kind != "material":
            return line.note
        return (line.note or Markup()) + Markup("<p>%s</p>") % self.env._(
            "To send: %(files)s. “Send Material” under “Stage Rules” sends it and closes this.",
            files=files,
        )

    def _create_activities(self, values):
        """The owner sees them on the opportunity; whoever else is to do something gets a mail.

        Nobody gets one for each opportunity of a list that is moved at once.
        """
        leads = self.env["crm.lead"].browse({each["res_id"] for each in values})
        activities = self.env["mail.activity"]
        quiet = activities.with_context(mail_activity_quick_update=True)
        owners = {lead.id: lead.user_id.id for lead in leads}
        others = [each for each in values if owners[each["res_id"]] != each["user_id"]]
        if len(leads) > 1 or not others:
            quiet.create(values)
        else:
            quiet.create([each for each in values if each not in others])
            activities.create(others)

    def _plan_note(self, started, failed):
        """What the chatter says of a plan that was started."""
        types, users = self.env["mail.activity.type"], self.env["res.users"]
        lines = [
            self.env._(
                "%(activity)s, assigned to %(name)s, due on the %(deadline)s",
                activity=values["summary"] or types.browse(values["activity_type_id"]).name,
                name=users.browse(values["user_id"]).name,
                deadline=format_date(self.env, values["date_deadline"]),
            )
            for values in started
        ]
        lines += [self.env._("Not started: %(reason)s", reason=reason) for reason in failed]
        return Markup("<p>%s</p><ul>%s</ul>") % (
            self.env._("The plan of the stage “%(stage)s”:", stage=self.name),
            Markup().join(Markup("<li>%s</li>") % line for line in lines),
        )
