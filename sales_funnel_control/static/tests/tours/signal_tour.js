import {registry} from "@web/core/registry";

/** Starts on the farmer's signals: one client is overdue, and listed only. */
registry.category("web_tour.tours").add("sales_funnel_control.signal_to_deal", {
    steps: () => [
        {
            content: "The client is overdue",
            trigger: ".o_data_row:contains(Tour Romashka):contains(45 days ago) .o_data_cell",
            run: "click",
        },
        {
            content: "Work on it in a deal",
            trigger: ".o_form_view button[name=action_open_deal]",
            run: "click",
        },
        {
            content: "The deal stands in the proactive funnel",
            trigger: ".o_form_view .o_field_widget[name=name] textarea:value(Overdue purchase)",
        },
        {
            content: "Back on the signal, it is in work",
            trigger: ".o_back_button, .breadcrumb-item.o_back_button a",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_statusbar_status .o_arrow_button_current:contains(In Work)",
        },
    ],
});
