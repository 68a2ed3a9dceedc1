using System.CommandLine;
using Fovea.Models;

namespace Fovea.Training;

/// <summary><c>weights get</c>: a network of the catalog with the weights that torchvision publishes.</summary>
internal static class WeightsCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = $"One of {string.Join(", ", PublishedWeights.All.Select(w => w.Network))}." };
        var output = new Option<string>("--output", "-o") { Description = "The folder for NAME.onnx.", DefaultValueFactory = _ => Path.Combine("data", "weights") };
        var get = new Command("get", "Downloads torchvision's weights for a network, checks their SHA-256 and imports them.") { name, output };
        get.SetAction(async (parsed, stop) =>
        {
            var network = Catalog.Find(parsed.GetRequiredValue(name)).Name;
            var weights = PublishedWeights.All.FirstOrDefault(w => w.Network == network)
                ?? throw new FoveaException(ErrorCode.BadArgument, $"torchvision publishes no weights for {network}; expected one of {string.Join(", ", PublishedWeights.All.Select(w => w.Network))}.");
            await weights.Import(PublishedWeights.Torchvision, Path.Combine(parsed.GetRequiredValue(output), $"{network}.onnx"), Console.WriteLine, stop);
            return 0;
        });
        return new Command("weights", "Published weights.") { get };
    }
}
