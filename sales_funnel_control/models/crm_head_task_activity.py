from odoo import fields, models
from odoo.tools import plaintext2html


class CrmHeadTask(models.Model):
    """A task as the manager has it: an activity, and what is learnt of it."""

    _inherit = "crm.head.task"

    def _subject(self):
        self.ensure_one()
        return self.lead_id or self.partner_id or self

    def _give(self):
        """Put the tasks on the managers' lists of activities."""
        kind = self.env.ref("sales_funnel_control.mail_activity_type_head_task")
        for task in self:
            # A task tells of a deal: who may not read that, cannot set it.
            task._subject().check_access("read")
        models_by_name = {name: self.env["ir.model"]._get_id(name) for name in self._subjects()}
        # On a deal of somebody else only its owner may write.
        self.env["mail.activity"].sudo().create(
            [
                {
                    "activity_type_id": kind.id,
                    "res_model_id": models_by_name[task._subject()._name],
                    "res_id": task._subject().id,
                    "head_task_id": task.id,
                    **task._activity_values(),
                }
                for task in self
            ]
        )

    def _subjects(self):
        return {task._subject()._name for task in self}

    def _activity_values(self):
        return {
            "summary": self.name,
            "note": self.note and plaintext2html(self.note),
            "user_id": self.user_id.id,
            "date_deadline": self.date_due,
        }

    def _repeat_in_activities(self):
        for task in self.sudo():
            pending = task.task_activity_ids.filtered("active")
            pending.with_context(is_told_by_task=True).write(task._activity_values())

    def _drop_activities(self):
        pending = self.task_activity_ids.filtered("active")
        pending.with_context(is_told_by_task=True).unlink()

    def _learn(self):
        """Take over what happened to the activities; called with all rights.

        The head who puts the activity off, or gives it to somebody else, changes the task; the
        manager does not.
        """
        for task in self:
            activity = task.task_activity_ids.sorted("id", reverse=True)[:1]
            if not activity:
                continue
            if bool(task.done_at) == activity.active:
                task.done_at = not activity.active and fields.Datetime.now()
            if activity.active and activity.user_id and task.sudo(False)._is_head():
                task.with_context(is_told_by_task=True).write(
                    {"date_due": activity.date_deadline, "user_id": activity.user_id.id}
                )
