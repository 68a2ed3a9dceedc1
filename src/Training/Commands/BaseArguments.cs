using System.CommandLine;
using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Pretrained;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Downloads;
using Fovea.Training.TransferLearning;

namespace Fovea.Training.Commands;

/// <summary>The network that fine-tuning starts from: a file, a pretrained base by its name, or the built-in base.</summary>
internal sealed class BaseArguments
{
    /// <summary>The file, or the name of a pretrained base. Without a value, fine-tuning starts from the built-in base.</summary>
    public Argument<string?> FileOrName { get; } = new("FILE|NAME")
    {
        Description = "An image classifier as an .onnx file, written by Fovea or by another program; or the name of a pretrained base, "
            + $"which the command pretrained lists. Default: {PretrainedBases.BuiltIn}, which is part of Fovea.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>The folder of downloaded weights.</summary>
    public Option<string> Weights { get; } = WeightsFolder();

    /// <summary>Refuses the folder of downloaded weights when the command line names a file or no base.</summary>
    /// <exception cref="FoveaException">The folder is given without effect.</exception>
    public void RefuseUnused(ParseResult parsed) => RefuseUnused(parsed, parsed.GetValue(FileOrName), Weights);

    /// <summary>Refuses the folder of downloaded weights when the base is a file or the built-in one.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="name">The file, or the name of a pretrained base; null for the built-in base.</param>
    /// <param name="weights">The option of <see cref="WeightsFolder"/>.</param>
    /// <exception cref="FoveaException">The folder is given without effect.</exception>
    public static void RefuseUnused(ParseResult parsed, string? name, Option weights)
    {
        if (name is null)
        {
            UnusedOptions.Refuse(parsed, "the base is the built-in one", "with the name of a pretrained base", weights);
        }
        else if (IsFile(name))
        {
            UnusedOptions.Refuse(parsed, $"{name} is a file", "with the name of a pretrained base", weights);
        }
    }

    /// <summary>The folder of downloaded weights.</summary>
    public static Option<string> WeightsFolder() => new("--weights")
    {
        Description = "The folder of downloaded weights, where weights get puts them.",
        DefaultValueFactory = _ => Path.Combine("data", "weights"),
        HelpName = "folder",
    };

    /// <summary>Reads the network. A published network is downloaded if the folder of downloaded weights does not contain it yet.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="preprocessing">
    /// A value of <see cref="Arguments.Preprocessing"/>, which replaces the preprocessing in a file; null keeps it.
    /// </param>
    /// <param name="source">The folder that serves published weights.</param>
    /// <param name="tell">Receives an event for each message about a download.</param>
    /// <param name="stop">Cancels a download.</param>
    /// <exception cref="FoveaException">
    /// The value names neither a file nor a base, the file cannot be fine-tuned, or the base cannot be downloaded.
    /// </exception>
    public BaseModel Read(ParseResult parsed, string? preprocessing, Uri source, Action<TrainingEvent> tell, CancellationToken stop) =>
        Read(
            parsed.GetValue(FileOrName),
            preprocessing,
            parsed.GetRequiredValue(Weights),
            source,
            line => tell(new BaseDownload(line)),
            stop);

    /// <summary>Reads a network. A published network is downloaded if the folder of downloaded weights does not contain it yet.</summary>
    /// <param name="name">The file, or the name of a pretrained base; null for the built-in base.</param>
    /// <param name="preprocessing">
    /// A value of <see cref="Arguments.Preprocessing"/>, which replaces the preprocessing in a file; null keeps it.
    /// </param>
    /// <param name="folder">The folder of downloaded weights.</param>
    /// <param name="source">The folder that serves published weights.</param>
    /// <param name="say">Receives messages about a download.</param>
    /// <param name="stop">Cancels a download.</param>
    /// <inheritdoc cref="Read(ParseResult, string, Uri, Action{TrainingEvent}, CancellationToken)"/>
    public static BaseModel Read(
        string? name, string? preprocessing, string folder, Uri source, Action<string> say, CancellationToken stop)
    {
        if (name is not null && IsFile(name))
        {
            return Arguments.Base(name, preprocessing);
        }

        if (preprocessing is not null)
        {
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"--preprocessing is {preprocessing}, but {name ?? PretrainedBases.BuiltIn} has its own preprocessing; expected it with an "
                + ".onnx file only.");
        }

        return name is null or PretrainedBases.BuiltIn
            ? BuiltInBase.Read()
            : Arguments.Base(Downloaded(name, folder, source, say, stop), null);
    }

    private static bool IsFile(string name) => File.Exists(name) || name.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    private static string Downloaded(string name, string folder, Uri source, Action<string> say, CancellationToken stop)
    {
        var path = PretrainedBases.PathOf(folder, name);
        if (PublishedWeights.All.FirstOrDefault(weights => weights.Network == name) is not { } published)
        {
            throw Unknown(name);
        }

        if (File.Exists(path))
        {
            say($"{name} was downloaded before: {path}");
            return path;
        }

        say($"{name} is downloaded once, to {path}");
        try
        {
            published.Import(source, path, say, stop).GetAwaiter().GetResult();
            return path;
        }
        catch (FoveaException e) when (e.Code == ErrorCode.DownloadFailed)
        {
            throw new FoveaException(
                e.Code,
                $"{name} is not here and cannot be downloaded ({e.Message.TrimEnd('.')}); expected a connection, or finetune without a "
                + $"name, which uses {PretrainedBases.BuiltIn} and needs no network.",
                e);
        }
    }

    private static FoveaException Unknown(string name)
    {
        var problem = Catalog.Architectures.Any(a => a.Name == name) ? "is a network of the catalog for which no weights are published"
            : Directory.Exists(name) ? "is a folder"
            : "is neither a file nor a pretrained base";
        string[] names = [PretrainedBases.BuiltIn, .. PretrainedBases.Published];
        var near = NearestName.Of(name, names) is { } other ? $" (did you mean {other}?)" : "";
        return new(
            ErrorCode.BadModelFile,
            $"{name} {problem}{near}; expected an .onnx file, or one of {string.Join(", ", names)}.");
    }
}
