import {Component, onWillStart, onWillUpdateProps, useState} from "@odoo/owl";
import {KeepLast} from "@web/core/utils/concurrency";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useService} from "@web/core/utils/hooks";

/** Where the time went, against the timetable and the contacts: what the server made of it. */
export class TimeStudyResult extends Component {
    static template = "sales_funnel_control.TimeStudyResult";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.state = useState({result: null});
        onWillStart(() => this.load(this.props.record));
        // The record was saved, or another one is shown.
        onWillUpdateProps(({record}) => {
            if (!record.dirty) {
                this.load(record);
            }
        });
    }

    async load({resId}) {
        const answer = resId ? this.orm.call("crm.time.study", "get_result", [[resId]]) : null;
        this.state.result = await this.keepLast.add(Promise.resolve(answer));
    }
}

registry.category("view_widgets").add("time_study_result", {component: TimeStudyResult});
