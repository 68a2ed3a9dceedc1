using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fovea.Api;

/// <summary>Makes what the training program prints, a JSON event on each line, the job's own: events, checkpoints, hyperparameters, and when it will be done.</summary>
internal sealed class TrainingProgress(HeldJob job, Settings settings, TimeProvider time)
{
    // A long job takes many steps, and each event is kept.
    private static readonly TimeSpan BetweenMetrics = TimeSpan.FromSeconds(2);

    private readonly JsonObject latest = [];
    private long? lastMetrics, lastStep;
    private double validationSeconds;
    private int epochs, stepsPerEpoch, validationImages;

    /// <summary>How often training could be seen to have come further.</summary>
    public int Checkpoints { get; private set; }

    /// <summary>Takes one line.</summary>
    /// <exception cref="OperationCanceledException">The job is no longer ours.</exception>
    public async Task Read(string line)
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
            "warning" => Tell($"{JobFolder.WithoutPlace(Text(e, "message"), settings)} The checkpoint before it is as it was; training goes on.", JobEvent.Warning),
            "stopped" => Tell($"Training has stopped in epoch {Number(e, "epoch")} after step {Number(e, "step")}."),
            "finished" => Tell(Say($"Training is done: {e.GetProperty("validationAccuracy").GetDouble():P2} of the validation images are classified rightly.")),
            _ => Task.CompletedTask,
        });
    }

    private Task Tell(string message, string level = JobEvent.Info) => job.Change(now => now.Tell(message, level));

    private Task Unused(JsonElement e)
    {
        // Those that the caller knows of.
        string[] options = [.. e.GetProperty("options").EnumerateArray().Select(option => option.GetString()).Select(Hyperparameter).OfType<string>()];
        return options is [] ? Task.CompletedTask : Tell($"{string.Join(", ", options)}: without effect, since only a new last layer is learnt, and not in steps.", JobEvent.Warning);

        static string? Hyperparameter(string? option) => option switch { "--epochs" => "n_epochs", "--batch-size" => "batch_size", "--learning-rate" => "learning_rate", _ => null };
    }

    private Task Started(JsonElement e)
    {
        (epochs, stepsPerEpoch, validationImages) = (Number(e, "epochs"), Number(e, "stepsPerEpoch"), Number(e, "validationImages"));
        int batchSize = Number(e, "batchSize");
        double rate = e.GetProperty("learningRate").GetDouble();
        return job.Change(now =>
        {
            string[] chosen =
            [
                .. Chosen("n_epochs", now.Epochs, $"{epochs}", "what a network that is taught new classes usually needs"),
                .. Chosen("batch_size", now.BatchSize, $"{batchSize}", "as many images as a step usually takes, or all of them where there are fewer"),
                .. Chosen("learning_rate", now.LearningRate, Say($"{rate}"), "small steps from where the network is, and a tenth of that for what it knew before"),
            ];
            (now.Epochs, now.BatchSize, now.LearningRate) = (epochs, batchSize, rate);
            if (chosen.Length > 0)
            {
                now.Tell($"Chosen for auto: {string.Join("; ", chosen)}.");
            }

            now.Tell($"Training on {Number(e, "images")} images, validating with {validationImages}: {epochs} epochs of {stepsPerEpoch} steps of {batchSize} images.");
        });

        static string[] Chosen(string name, object? asked, string value, string reason) => asked is null ? [$"{name} {value} ({reason})"] : [];
    }

    private Task Step(JsonElement e)
    {
        lastStep = time.GetTimestamp();
        int epoch = Number(e, "epoch");
        long step = StepsBefore(epoch) + Number(e, "step");
        Remember(("step", step), ("train_loss", e.GetProperty("loss").GetDouble()), ("train_accuracy", e.GetProperty("accuracy").GetDouble()));
        if (lastMetrics is { } last && time.GetElapsedTime(last) < BetweenMetrics)
        {
            return Task.CompletedTask;
        }

        lastMetrics = lastStep;
        var metrics = Metrics("step", "train_loss", "train_accuracy");
        (metrics["total_steps"], metrics["epoch"], metrics["learning_rate"]) = (StepsBefore(epochs + 1), epoch, e.GetProperty("learningRate").GetDouble());
        metrics["images_per_second"] = e.GetProperty("imagesPerSecond").GetDouble();

        // The network is looked at after each epoch that is left, and once more for the report.
        double left = e.GetProperty("secondsLeft").GetDouble() + (validationSeconds * (epochs - epoch + 2));
        return job.Change(now =>
        {
            now.EstimatedFinish = time.GetUtcNow().AddSeconds(left).ToUnixTimeMilliseconds();
            now.Tell(Say($"Step {step} of {StepsBefore(epochs + 1)}: training loss {e.GetProperty("loss").GetDouble():F4}"), metrics: metrics);
        });
    }

    private Task Epoch(JsonElement e)
    {
        validationSeconds = lastStep is { } last ? time.GetElapsedTime(last).TotalSeconds : 0;
        int epoch = Number(e, "epoch");
        double loss = e.GetProperty("validationLoss").GetDouble(), accuracy = e.GetProperty("validationAccuracy").GetDouble();
        Remember(("step", StepsBefore(epoch + 1)), ("train_loss", e.GetProperty("loss").GetDouble()), ("train_accuracy", e.GetProperty("accuracy").GetDouble()), ("valid_loss", loss), ("valid_accuracy", accuracy));
        var metrics = Metrics("step", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy");
        (metrics["total_steps"], metrics["epoch"]) = (StepsBefore(epochs + 1), epoch);
        return job.Change(now => now.Tell(
            Say($"Epoch {epoch} of {epochs}: validation loss {loss:F4}, accuracy {accuracy:P2}{(e.GetProperty("best").GetBoolean() ? ", the best so far" : "")}"), metrics: metrics));
    }

    private Task Checkpoint(JsonElement e)
    {
        Checkpoints++;
        long step = StepsBefore(Number(e, "epoch")) + Number(e, "step");
        var metrics = Metrics([.. latest.Select(metric => metric.Key)]);
        metrics["step"] = step;
        var checkpoint = new JobCheckpoint { JobId = job.Now.Id, Step = step, CreatedAt = time.GetUtcNow().ToUnixTimeMilliseconds(), Metrics = metrics.ToJsonString() };
        return job.Change(now => now.Tell($"Checkpoint after step {step}."), checkpoint);
    }

    private Task Features(JsonElement e)
    {
        int images = Number(e, "images"), all = Number(e, "allImages");
        double perSecond = e.GetProperty("imagesPerSecond").GetDouble();

        // The report looks at the validation images once more.
        var left = e.GetProperty("secondsLeft").GetDouble() + (validationImages / perSecond);
        return job.Change(now =>
        {
            now.EstimatedFinish = time.GetUtcNow().AddSeconds(left).ToUnixTimeMilliseconds();
            now.Tell(Say($"Features of {images} of {all} images, {perSecond:F0} images/s"), metrics: new JsonObject { ["images"] = images, ["total_images"] = all, ["images_per_second"] = perSecond });
        });
    }

    private Task HeadTrained(JsonElement e)
    {
        double loss = e.GetProperty("validationLoss").GetDouble(), accuracy = e.GetProperty("validationAccuracy").GetDouble();
        Remember(("valid_loss", loss), ("valid_accuracy", accuracy));
        return job.Change(now => now.Tell(Say($"A new last layer is learnt: validation loss {loss:F4}, accuracy {accuracy:P2}"), metrics: Metrics("valid_loss", "valid_accuracy")));
    }

    private void Remember(params (string Name, double Value)[] metrics)
    {
        foreach (var (name, value) in metrics)
        {
            latest[name] = value;
        }
    }

    private JsonObject Metrics(params string[] names) => new(names.Select(name => KeyValuePair.Create(name, latest[name]?.DeepClone())));

    private long StepsBefore(int epoch) => (long)(epoch - 1) * stepsPerEpoch;

    private static int Number(JsonElement e, string name) => e.GetProperty(name).GetInt32();

    private static string Text(JsonElement e, string name) => e.GetProperty(name).GetString()!;

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
