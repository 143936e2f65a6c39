"""One class for a whole sequence."""

from keras_rnn_zoo.tasks.tagging import Tagging


class Classification(Tagging):
    """One class for a whole sequence."""

    name = "classification"
    words = "one class for a whole sequence"
    fields = ("text", "label")
    answered = "answer.labels[int(answer.predicted)], answer.probabilities.max()"
    per_step = False

    def draw(self, path, title, report):
        from keras_rnn_zoo.inspection import report_plots

        if report.pipelines.codec is not None:
            title, examples = report.classified_texts(title)
            report_plots.classified_texts(path, title, examples, report.labels)
        else:
            title, examples = report.classified_values(title)
            report_plots.images(path, title, examples, report.labels)

    def show(self, console, result):
        from keras_rnn_zoo.tasks import terminal

        terminal.print_classes(console, result)
