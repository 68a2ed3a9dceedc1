using System.Text.Json;
using System.Text.RegularExpressions;
using Fovea.Api.Problems;
using Fovea.Api.Requests;

namespace Fovea.Api.FineTuning;

/// <summary>The body of a request for a job, read from JSON.</summary>
internal sealed partial record JobRequest
{
    private const string Auto = "auto";
    private const int MostMetadata = 16, LongestMetadata = 512;

    private static readonly string[] Fields =
    [
        "model", "dataset", "training_file", "suffix", "method", "hyperparameters", "seed", "publish", "metadata",
    ];
    private static readonly string[] Hyperparameters = ["n_epochs", "batch_size", "learning_rate"];

    /// <summary>The name of the model to start from; null: the built-in base, the default.</summary>
    public string? Model { get; init; }

    /// <summary>The id of the data set.</summary>
    public required string Dataset { get; init; }

    /// <summary>
    /// The end of the trained model's name, 1 to 64 characters; null: the first eight digits of the data set's id, the default.
    /// </summary>
    public string? Suffix { get; init; }

    /// <summary>The layers to train: head, full, or auto, the default.</summary>
    public required string Method { get; init; }

    /// <summary>The number of passes over the training images, 1 to 100,000; null: auto, the default.</summary>
    public int? Epochs { get; init; }

    /// <summary>The number of images in a step, 1 to 65,536; null: auto, the default.</summary>
    public int? BatchSize { get; init; }

    /// <summary>The highest learning rate, over 0 and at most 100; null: auto, the default.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The seed of all random numbers. Default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Whether the job publishes its model if the model is not worse than the version that serves. Default true.</summary>
    public bool PublishesItself { get; init; } = true;

    /// <summary>The caller's notes, a JSON object of at most 16 texts; null: none, the default.</summary>
    public string? Metadata { get; init; }

    /// <summary>Reads a request.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: a value is wrong; the message names it.</exception>
    public static JobRequest Read(ReadOnlyMemory<byte> body)
    {
        using var json = RequestJson.Parse(body, "an object such as {\"dataset\": \"ds_0123456789abcdef\"}");
        var root = json.RootElement;
        RefuseOthers(root, "The body", Fields);
        using var none = JsonDocument.Parse("{}");
        var hyperparameters = Get(root, "hyperparameters") ?? none.RootElement;
        RefuseOthers(hyperparameters, "hyperparameters", Hyperparameters);
        return new()
        {
            Model = Text(root, "model"),
            Dataset = ReadDataset(root),
            Suffix = Text(root, "suffix") is { } suffix ? CheckSuffix(suffix) : null,
            Method = OneOf(root, "method", Auto, "head", "full"),
            Epochs = (int?)Number(
                hyperparameters, "n_epochs", "a whole number from 1 to 100000", n => n is >= 1 and <= 100_000 && n == Math.Floor(n)),
            BatchSize = (int?)Number(
                hyperparameters, "batch_size", "a whole number from 1 to 65536", n => n is >= 1 and <= 65_536 && n == Math.Floor(n)),
            LearningRate = Number(hyperparameters, "learning_rate", "a number over 0 and at most 100", n => n is > 0 and <= 100),
            Seed = ReadSeed(root),
            PublishesItself = OneOf(root, "publish", Auto, "manual") == Auto,
            Metadata = ReadMetadata(root),
        };
    }

    private static string ReadDataset(JsonElement root) => (Text(root, "dataset"), Text(root, "training_file")) switch
    {
        (null, null) =>
            throw Malformed(
                "The body has no dataset; expected the id of a data set, such as ds_0123456789abcdef, as dataset or training_file"),
        ({ } one, { } other) when one != other => throw Malformed($"dataset is {one} and training_file is {other}; expected one of them"),
        var (one, other) => one ?? other!,
    };

    private static string CheckSuffix(string suffix) => Allowed().IsMatch(suffix) && !suffix.Contains("..", StringComparison.Ordinal)
        ? suffix
        : throw Malformed($"suffix is {suffix}; expected 1 to 64 letters, digits, '.', '_' and '-', and no '..'");

    private static long ReadSeed(JsonElement root) => Get(root, "seed") is not { } seed ? 1
        : seed.ValueKind is JsonValueKind.Number && seed.TryGetInt64(out long value) ? value
        : throw Malformed($"seed is {seed}; expected a whole number");

    private static string? ReadMetadata(JsonElement root) => Get(root, "metadata") is not { } metadata ? null
        : metadata.ValueKind is JsonValueKind.Object
            && metadata.EnumerateObject().Count() <= MostMetadata
            && metadata.EnumerateObject().All(pair =>
                pair.Value.ValueKind is JsonValueKind.String && pair.Name.Length + pair.Value.GetString()!.Length <= LongestMetadata)
        ? metadata.GetRawText()
        : throw Malformed(
            $"metadata is {Shortened(metadata)}; expected an object of at most {MostMetadata} texts, each with its name at most "
                + $"{LongestMetadata} characters long");

    private static string OneOf(JsonElement root, string name, params string[] values) => Text(root, name) is not { } value ? values[0]
        : values.Contains(value) ? value
        : throw Malformed($"{name} is {value}; expected {string.Join(", ", values[..^1])} or {values[^1]}");

    private static double? Number(JsonElement parent, string name, string expected, Predicate<double> isAllowed) => Get(parent, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text when text.GetString() == Auto => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetDouble(out double value) && isAllowed(value) => value,
        { } other => throw Malformed($"hyperparameters.{name} is {Shortened(other)}; expected {expected}, or auto"),
    };

    private static string? Text(JsonElement parent, string name) => Get(parent, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { } other => throw Malformed($"{name} is {Shortened(other)}; expected a text"),
    };

    private static JsonElement? Get(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;

    // If a misspelt field were ignored, the job would train with other settings than the caller asked for.
    private static void RefuseOthers(JsonElement parent, string what, string[] fields)
    {
        if (parent.ValueKind is not JsonValueKind.Object)
        {
            throw Malformed($"{what} is {Shortened(parent)}; expected an object");
        }

        if (parent.EnumerateObject()
            .FirstOrDefault(pair => !fields.Contains(pair.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } other)
        {
            throw Malformed($"{what} has a field {other.Name}; expected {string.Join(", ", fields)}");
        }
    }

    private static string Shortened(JsonElement value) =>
        value.GetRawText() is { Length: > 60 } text ? $"{text[..60]} ..." : value.GetRawText();

    private static ServiceException Malformed(string message) => new(ServiceError.MalformedRequest, $"{message}.");

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex Allowed();
}
