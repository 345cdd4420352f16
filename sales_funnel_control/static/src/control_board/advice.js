import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {percent} from "./board_format";

/** What to do: who teaches whom, who else is below target, clients that nobody moves. */
export class Advice extends Component {
    static template = "sales_funnel_control.Advice";
    static props = {
        board: Object,
        onLeads: Function,
        onPlan: Function,
        onStanding: Function,
        onDefinitions: Function,
    };

    get names() {
        return new Map(this.props.board.managers.map((manager) => [manager.key, manager]));
    }

    get stageNames() {
        return new Map(this.props.board.transitions.map((t) => [t.id, t.name]));
    }

    /** Pairs of teacher and learner, each with all the transitions it is about. */
    get lessons() {
        const lessons = new Map();
        for (const found of this.props.board.teach) {
            const key = `${found.teacher_key} ${found.learner_key}`;
            const lesson = lessons.get(key) || {
                key,
                teacher: this.names.get(found.teacher_key),
                learner: this.names.get(found.learner_key),
                transitions: [],
            };
            lesson.transitions.push({
                id: found.transition,
                text: _t("%(transition)s (%(teacher)s against %(learner)s)", {
                    transition: this.stageNames.get(found.transition),
                    teacher: percent(found.teacher_rate),
                    learner: percent(found.learner_rate),
                }),
            });
            lessons.set(key, lesson);
        }
        return [...lessons.values()];
    }

    /** Managers below target at transitions for which nobody is found who could teach them. */
    get others() {
        const taught = new Set(
            this.props.board.teach.map((found) => `${found.learner_key} ${found.transition}`)
        );
        return this.props.board.cells
            .filter(
                (cell) => cell.verdict === "below" && !taught.has(`${cell.key} ${cell.transition}`)
            )
            .map((cell) => ({
                key: `${cell.key} ${cell.transition}`,
                manager: this.names.get(cell.key),
                transition: cell.transition,
                text: _t("%(manager)s, %(transition)s: %(rate)s of %(target)s", {
                    manager: this.names.get(cell.key).name,
                    transition: this.stageNames.get(cell.transition),
                    rate: percent(cell.rate),
                    target: percent(cell.target),
                }),
            }));
    }

    get standing() {
        return this.props.board.standing;
    }

    get withoutNextStep() {
        return _t("%(count)s clients in work have no next step", {
            count: this.standing.without_next_step,
        });
    }

    get overNormalTime() {
        return _t("%(count)s clients have been on their stage for longer than normal", {
            count: this.standing.over_normal_time,
        });
    }

    get overCycle() {
        return _t("%(count)s clients are past the normal cycle: such deals rarely close", {
            count: this.standing.over_cycle,
        });
    }

    stuckBefore({id}) {
        return _t("Stuck before %(transition)s", {transition: this.stageNames.get(id)});
    }

    lessonTitle({teacher, learner}) {
        return _t("%(teacher)s can teach %(learner)s", {
            teacher: teacher.name,
            learner: learner.name,
        });
    }

    planLesson(lesson) {
        this.props.onPlan(
            lesson.learner,
            _t("Mentoring by %(teacher)s: %(topics)s", {
                teacher: lesson.teacher.name,
                topics: lesson.transitions.map((t) => this.stageNames.get(t.id)).join(", "),
            })
        );
    }

    planTraining(other) {
        this.props.onPlan(
            other.manager,
            _t("Training: %(topic)s", {topic: this.stageNames.get(other.transition)})
        );
    }
}
