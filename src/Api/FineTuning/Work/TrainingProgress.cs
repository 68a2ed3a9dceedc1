using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fovea.Api;

/// <summary>
/// Turns the lines that the training program prints, one JSON event each, into the job's events, checkpoints, hyperparameters and estimate.
/// </summary>
internal sealed class TrainingProgress(HeldJob job, PrivatePaths paths, TimeProvider time)
{
    // Each event is stored, and a long job takes many steps.
    private static readonly TimeSpan BetweenMetrics = TimeSpan.FromSeconds(2);

    private readonly JsonObject latest = [];
    private long? lastMetrics, lastStep;
    private double validationSeconds;
    private int epochs, stepsPerEpoch, validationImages;

    /// <summary>The checkpoints saved so far, which show that training makes progress.</summary>
    public int Checkpoints { get; private set; }

    /// <summary>Reads one line. A line that is no JSON object, and an event of an unknown kind, are skipped.</summary>
    public async ValueTask Read(string line)
    {
        if (!line.StartsWith('{'))
        {
            return;
        }

        using var json = JsonDocument.Parse(line);
        var e = json.RootElement;
        await (e.GetProperty("event").GetString() switch
        {
            "refused" => Tell($"Left out: {Path.GetFileName(Text(e, "file"))}: {Text(e, "reason")}", JobEvent.Warning),
            "head" => Tell(Text(e, "description")),
            "method" => Tell($"Method {Text(e, "method")}: {Text(e, "reason")}."),
            "unused" => Unused(e),
            "frozen" => Tell($"{Number(e, "layers")} layers of batch normalisation keep the running statistics of the model."),
            "features" => Features(e),
            "head_trained" => HeadTrained(e),
            "started" => Started(e),
            "step" => Step(e),
            "epoch" => Epoch(e),
            "checkpoint" => Checkpoint(e),
            "warning" => Warn(e),
            "stopped" => Tell($"Training has stopped in epoch {Number(e, "epoch")} after step {Number(e, "step")}."),
            "finished" => Tell(Say(
                $"Training is done: {Double(e, "validationAccuracy"):P2} of the validation images are classified correctly.")),
            _ => ValueTask.CompletedTask,
        });
    }

    // Changes are made later, when the JSON is gone: they hold values only.
    private ValueTask Tell(string message, string level = JobEvent.Info, JsonObject? metrics = null) =>
        job.Post(now => now.Tell(message, level, metrics));

    private ValueTask Warn(JsonElement e) => Tell(
        $"{paths.RemoveFrom(Text(e, "message"))} The last checkpoint is unharmed, and training goes on.", JobEvent.Warning);

    private ValueTask Unused(JsonElement e)
    {
        // Options of the command line that callers cannot set are left out.
        var all = e.GetProperty("options").EnumerateArray();
        string[] options = [.. all.Select(option => Hyperparameter(option.GetString())).OfType<string>()];
        return options is []
            ? ValueTask.CompletedTask
            : Tell($"{string.Join(", ", options)}: without effect, since only a new last layer is trained.", JobEvent.Warning);

        static string? Hyperparameter(string? option) => option switch
        {
            "--epochs" => "n_epochs",
            "--batch-size" => "batch_size",
            "--learning-rate" => "learning_rate",
            _ => null,
        };
    }

    private ValueTask Started(JsonElement e)
    {
        (epochs, stepsPerEpoch, validationImages) = (Number(e, "epochs"), Number(e, "stepsPerEpoch"), Number(e, "validationImages"));
        var (count, batchSize, rate) = (epochs, Number(e, "batchSize"), Double(e, "learningRate"));
        var summary = $"Training on {Number(e, "images")} images, validating with {validationImages}: "
            + $"{epochs} epochs of {stepsPerEpoch} steps of {batchSize} images.";
        return job.Post(now =>
        {
            string[] chosen =
            [
                .. Chosen("n_epochs", now.Epochs, $"{count}", "the usual number for new classes"),
                .. Chosen("batch_size", now.BatchSize, $"{batchSize}", "the usual size, or all images if there are fewer"),
                .. Chosen("learning_rate", now.LearningRate, Say($"{rate}"), "small; a tenth of it for layers that are trained already"),
            ];
            (now.Epochs, now.BatchSize, now.LearningRate) = (count, batchSize, rate);
            if (chosen.Length > 0)
            {
                now.Tell($"Chosen for auto: {string.Join("; ", chosen)}.");
            }

            now.Tell(summary);
        });

        static string[] Chosen(string name, object? asked, string value, string reason) =>
            asked is null ? [$"{name} {value} ({reason})"] : [];
    }

    private ValueTask Step(JsonElement e)
    {
        lastStep = time.GetTimestamp();
        int epoch = Number(e, "epoch");
        long step = StepsBefore(epoch) + Number(e, "step"), steps = StepsBefore(epochs + 1);
        Remember(("step", step), ("train_loss", Double(e, "loss")), ("train_accuracy", Double(e, "accuracy")));
        if (lastMetrics is { } last && time.GetElapsedTime(last) < BetweenMetrics)
        {
            return ValueTask.CompletedTask;
        }

        lastMetrics = lastStep;
        var metrics = Metrics("step", "train_loss", "train_accuracy");
        (metrics["total_steps"], metrics["epoch"], metrics["learning_rate"]) = (steps, epoch, Double(e, "learningRate"));
        metrics["images_per_second"] = Double(e, "imagesPerSecond");

        // The network is validated after each remaining epoch, and once more for the report.
        double left = Double(e, "secondsLeft") + (validationSeconds * (epochs - epoch + 2));
        return Tell(left, Say($"Step {step} of {steps}: training loss {Double(e, "loss"):F4}"), metrics);
    }

    private ValueTask Epoch(JsonElement e)
    {
        validationSeconds = lastStep is { } last ? time.GetElapsedTime(last).TotalSeconds : 0;
        int epoch = Number(e, "epoch");
        double loss = Double(e, "validationLoss"), accuracy = Double(e, "validationAccuracy");
        Remember(("step", StepsBefore(epoch + 1)), ("train_loss", Double(e, "loss")), ("train_accuracy", Double(e, "accuracy")));
        Remember(("valid_loss", loss), ("valid_accuracy", accuracy));
        var metrics = Metrics("step", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy");
        (metrics["total_steps"], metrics["epoch"]) = (StepsBefore(epochs + 1), epoch);
        var best = e.GetProperty("best").GetBoolean() ? ", the best so far" : "";
        return Tell(Say($"Epoch {epoch} of {epochs}: validation loss {loss:F4}, accuracy {accuracy:P2}{best}"), metrics: metrics);
    }

    private ValueTask Checkpoint(JsonElement e)
    {
        Checkpoints++;
        long step = StepsBefore(Number(e, "epoch")) + Number(e, "step"), at = time.GetUtcNow().ToUnixTimeMilliseconds();
        var metrics = Metrics([.. latest.Select(metric => metric.Key)]);
        metrics["step"] = step;
        return job.Post(
            now => now.Tell($"Checkpoint after step {step}."),
            new() { JobId = job.Now.Id, Step = step, CreatedAt = at, Metrics = metrics.ToJsonString() });
    }

    private ValueTask Features(JsonElement e)
    {
        int images = Number(e, "images"), all = Number(e, "allImages");
        double perSecond = Double(e, "imagesPerSecond");

        // The report evaluates the validation images once more.
        var left = Double(e, "secondsLeft") + (validationImages / perSecond);
        return Tell(
            left,
            Say($"Features of {images} of {all} images, {perSecond:F0} images/s"),
            new JsonObject { ["images"] = images, ["total_images"] = all, ["images_per_second"] = perSecond });
    }

    private ValueTask HeadTrained(JsonElement e)
    {
        double loss = Double(e, "validationLoss"), accuracy = Double(e, "validationAccuracy");
        Remember(("valid_loss", loss), ("valid_accuracy", accuracy));
        return Tell(
            Say($"A new last layer is trained: validation loss {loss:F4}, accuracy {accuracy:P2}"),
            metrics: Metrics("valid_loss", "valid_accuracy"));
    }

    private ValueTask Tell(double secondsLeft, string message, JsonObject metrics)
    {
        long finish = time.GetUtcNow().AddSeconds(secondsLeft).ToUnixTimeMilliseconds();
        return job.Post(now =>
        {
            now.EstimatedFinish = finish;
            now.Tell(message, metrics: metrics);
        });
    }

    private void Remember(params (string Name, double Value)[] metrics)
    {
        foreach (var (name, value) in metrics)
        {
            latest[name] = value;
        }
    }

    private JsonObject Metrics(params string[] names) =>
        new(names.Select(name => KeyValuePair.Create(name, latest[name]?.DeepClone())));

    private long StepsBefore(int epoch) => (long)(epoch - 1) * stepsPerEpoch;

    private static int Number(JsonElement e, string name) => e.GetProperty(name).GetInt32();

    private static double Double(JsonElement e, string name) => e.GetProperty(name).GetDouble();

    private static string Text(JsonElement e, string name) => e.GetProperty(name).GetString()!;

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
