using System.Text.Json;
using Fovea.Models.TrainingEvents;

namespace Fovea.Models.Tests.TrainingEvents;

public sealed class TrainingEventTests
{
    private static readonly TrainingEvent[] Samples =
    [
        new FileRefused("bees/1.jpg", "The JPEG is damaged."),
        new LeaksFound(2, ["train/bees/1.jpg", "train/bees/2.jpg"]),
        new RecipeChosen("57000 small gray images", "none,flip=0.5", "cosine", 0.03, 0.02),
        new RunStarted("lenet5", 60_000, 5_000, 10, 1_875, 32, 0.004, 2, 17),
        new StepDone(1, 2, 0.25, 0.875, 1e-3, 1_234.5, 60.25),
        new EpochDone(1, 1e-3, 0.5, 0.75, 0.25, 0.875, true, 0.125),
        new CheckpointSaved("model.onnx.checkpoint", 1, 2),
        new CheckpointFailed("model.onnx.checkpoint", "The disk is full."),
        new RunStopped("model.onnx.checkpoint", 3, 4),
        new RunFinished("model.onnx", 0, 0.25, 0.875, 12.5, 0.125),
        new HeadFound("dense layer of 512 inputs"),
        new MethodChosen("head", "40 images per class"),
        new OptionsUnused(["--epochs", "--batch-size"]),
        new StatisticsFrozen(20),
        new NotRewritten("a weight is missing"),
        new FeaturesDone(64, 128, 50.5, 1.5),
        new PenaltyTried(0.01, 0.25, 0.875, 5, true),
        new HeadTrained(0.25, 0.875),
        new TrialPlanned("partial", "40 images per class"),
        new CalibrationFitted(1.25, 0.0625, 0.03125, 244, "cross-validation", 1.5),
        new MethodsCompared("head", "full", 0.25, 0.5, 0.875, 0.75, "its loss is lower"),
        new BaseDownload("resnet50: 12 of 98 MB"),
        new ModelPublished("birds", 2, "onnx/birds/2/model.onnx", true),
    ];

    public static TheoryData<Type> Kinds =>
        new(typeof(TrainingEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(TrainingEvent))));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Each_event_is_read_as_it_was_written(Type kind)
    {
        var written = Samples.Single(sample => sample.GetType() == kind);
        var reader = new TrainingEventReader();
        foreach (var (line, version) in Lines(written, written).Zip<string, int?>([TrainingEventWriter.Version, null]))
        {
            Assert.Equivalent(written with { Version = version }, reader.Read(line), strict: true);
        }
    }

    [Fact]
    public void The_first_event_alone_states_the_version()
    {
        int?[] versions =
        [
            .. Lines(Samples).Select(line =>
                JsonDocument.Parse(line).RootElement.TryGetProperty("version", out var version) ? version.GetInt32() : (int?)null),
        ];
        Assert.Equal([1, .. new int?[Samples.Length - 1]], versions);
    }

    [Theory]
    [InlineData("""{"event":"step","version":2}""", "writes events of version 2, but this service reads version 1.")]
    [InlineData("""{"event":"news"}""", "writes events without a version, but this service reads version 1.")]
    [InlineData("""{"event":"head","version":1}""", "has printed a damaged event.")]
    [InlineData("""{"event":7,"version":1}""", "has printed a damaged event.")]
    [InlineData("""{"event":"head","ver""", "has printed a damaged event.")]
    public void An_unknown_version_and_a_damaged_event_are_refused(string line, string reason) =>
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => new TrainingEventReader().Read(line)).Message);

    [Fact]
    public void Other_lines_and_unknown_kinds_and_properties_are_skipped()
    {
        var reader = new TrainingEventReader();
        Assert.Null(reader.Read("a native library's warning"));
        Assert.Null(reader.Read("""{"event":"news","version":1,"text":"later"}"""));
        Assert.Equal(new HeadFound("dense"), reader.Read("""{"description":"dense","colour":"red","event":"head"}"""));
    }

    private static string[] Lines(params TrainingEvent[] events)
    {
        var output = new StringWriter();
        var writer = new TrainingEventWriter(output);
        foreach (var e in events)
        {
            writer.Write(e);
        }

        return output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
    }
}
