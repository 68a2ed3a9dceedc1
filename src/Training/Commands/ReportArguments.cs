using System.CommandLine;
using Fovea.Training.Recipes;
using Fovea.Training.TransferLearning;

namespace Fovea.Training.Commands;

/// <summary>
/// The names of model, base and data set in training records and reports. A program that calls the command may store files under internal
/// names, so it passes the names that people know.
/// </summary>
internal sealed class ReportArguments
{
    private readonly Option<string?> model = Name("--model-name", "The name of the trained model. Default: that of the output file.");
    private readonly Option<string?> start = Name("--base-name", "The name of the network to start from. Default: that of its file.");
    private readonly Option<string?> data = Name("--data-name", "The name of the data set. Default: that of its folder.");

    private readonly Option<string?> imageAddress = new("--image-address")
    {
        Description = "The address, with a slash at its end, under which the report links the images of the data set. "
            + "Default: the report links their files.",
        HelpName = "address",
    };

    /// <summary>The options in the order of the help.</summary>
    public Option[] All => [model, start, data, imageAddress];

    /// <summary>Returns the network with the name that the command line gives it.</summary>
    public BaseModel Named(BaseModel network, ParseResult parsed) =>
        parsed.GetValue(start) is { } name ? network with { File = network.File with { File = name } } : network;

    /// <summary>Returns the options of a run with the names that the command line gives.</summary>
    /// <param name="options">The options.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="published">The name under which the model is published; null if it is not published.</param>
    public TrainingOptions Named(TrainingOptions options, ParseResult parsed, string? published) => options with
    {
        Dataset = parsed.GetValue(data) ?? options.Dataset,
        Report = options.Report with { Model = parsed.GetValue(model) ?? published, ImageAddress = parsed.GetValue(imageAddress) },
    };

    private static Option<string?> Name(string name, string description) =>
        new(name) { Description = $"For reports and the file's record: {description}", HelpName = "name" };
}
