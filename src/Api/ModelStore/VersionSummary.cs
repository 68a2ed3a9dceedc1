using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// What a version consists of. The file is read once, when it is first asked for: a large network is half a gigabyte, its summary some
/// kilobytes.
/// </summary>
internal sealed class VersionSummary(string model, string file)
{
    private readonly Lock starting = new();
    private Task<(NetworkSummary Blocks, NetworkSummary Layers)>? summaries;

    /// <summary>The summary.</summary>
    /// <param name="expand">Whether each layer of a block has a row of its own.</param>
    /// <param name="image">The images that it is given, [C, H, W], for a file that takes any size.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.ModelUnavailable"/>: the file runs, but cannot be described.</exception>
    public async Task<NetworkSummary> Get(bool expand, Shape image)
    {
        try
        {
            var (blocks, layers) = await Begun(image);
            return expand ? layers : blocks;
        }
        catch (FoveaException e)
        {
            throw new FoveaException(ErrorCode.ModelUnavailable, $"There is no summary of {model}: {e.Message.Replace(file, "its file", StringComparison.Ordinal)}", e);
        }
    }

    private Task<(NetworkSummary Blocks, NetworkSummary Layers)> Begun(Shape image)
    {
        lock (starting)
        {
            return summaries ??= Task.Run(() =>
            {
                var graph = OnnxFile.Read(file).ForImages(image);
                return (NetworkSummary.Of(graph) with { Name = model }, NetworkSummary.Of(graph, expand: true) with { Name = model });
            });
        }
    }
}
