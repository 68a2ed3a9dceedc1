using System.CommandLine;
using Fovea.Models.Errors;
using Fovea.Training.Downloads;

namespace Fovea.Training.Commands;

/// <summary>The <c>weights get</c> command: writes a network of the catalog with the weights that torchvision publishes.</summary>
internal static class WeightsCommand
{
    public static Command Create()
    {
        var networks = string.Join(", ", PublishedWeights.All.Select(w => w.Network));
        var name = new Argument<string>("NAME") { Description = $"A network for which torchvision publishes weights: {networks}." };
        var output = new Option<string>("--output", "-o")
        {
            Description = "The folder for NAME.onnx.",
            DefaultValueFactory = _ => Path.Combine("data", "weights"),
            HelpName = "folder",
        };
        var get = new Command("get", "Downloads torchvision's weights for a network, verifies their SHA-256 and imports them.")
        {
            name, output,
        };
        get.SetAction(async (parsed, stop) =>
        {
            var network = parsed.GetRequiredValue(name);
            var weights = PublishedWeights.All.FirstOrDefault(w => w.Network == network) ?? throw new FoveaException(
                ErrorCode.BadArgument,
                $"The network is {network}, for which torchvision publishes no weights; expected one of {networks}.");
            var path = Path.Combine(parsed.GetRequiredValue(output), $"{network}.onnx");
            await weights.Import(PublishedWeights.Torchvision, path, Console.WriteLine, stop);
            return 0;
        });
        return new Command("weights", "Downloads published weights.") { get };
    }
}
