import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const column = (stage) => `.o_kanban_group:has(.o_column_title:contains("${stage}"))`;
const card = (stage) => `${column(stage)} .o_kanban_record:contains("Toured Deal")`;

/** Starts on an empty pipeline: one deal's whole story, as people tell it with the mouse. */
registry.category("web_tour.tours").add("sales_funnel_control.same_rows", {
    steps: () => [
        {
            content: "Create a deal",
            trigger: ".o_control_panel .o-kanban-button-new",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=name] textarea",
            run: "edit Toured Deal",
        },
        ...stepUtils.saveForm(),
        {
            content: "Back to the pipeline",
            trigger: ".breadcrumb-item:contains(Pipeline of the test) a",
            run: "click",
        },
        {
            content: "Move on",
            trigger: card("Client List"),
            run: ({drag_and_drop}) => drag_and_drop(column("Acquaintance")),
        },
        {
            content: "Open the deal",
            trigger: card("Acquaintance"),
            run: "click",
        },
        {
            content: "Skip a stage",
            trigger: ".o_statusbar_status button:contains(Contract)",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains(Contract)",
        },
        {
            content: "Lose it",
            trigger: ".o_statusbar_buttons button:contains(Lost)",
            run: "click",
        },
        {
            trigger: ".modal .o_selection_badge:contains('No budget (test)')",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_lost_reason_apply]",
            run: "click",
        },
        {
            content: "It comes back",
            trigger: "body:not(:has(.modal)) .o_statusbar_buttons button[name=action_restore]",
            run: "click",
        },
        {
            content: "Go back a stage",
            trigger: ".o_statusbar_status button:contains(Presentation)",
            run: "click",
        },
        {
            content: "Hand it over",
            trigger:
                "body:has(.o_arrow_button_current:contains(Presentation)) .o_field_widget[name=user_id] input",
            run: "edit Sidorenko",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Sidorenko)",
            run: "click",
        },
        ...stepUtils.saveForm(),
        {
            content: "Win it",
            trigger: ".o_statusbar_buttons button[name=action_set_won_rainbowman]",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains(Payment)",
        },
    ],
});
