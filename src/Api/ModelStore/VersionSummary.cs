using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// What a version consists of. The file is read once, when it is first asked for: a large network is half a gigabyte, its summary some
/// kilobytes.
/// </summary>
internal sealed class VersionSummary(string model, string file)
{
    private readonly Lazy<Task<(NetworkSummary Blocks, NetworkSummary Layers)>> summaries = new(() => Task.Run(() =>
    {
        var graph = OnnxFile.Read(file);
        return (NetworkSummary.Of(graph) with { Name = model }, NetworkSummary.Of(graph, expand: true) with { Name = model });
    }));

    /// <summary>The summary.</summary>
    /// <param name="expand">Whether each layer of a block has a row of its own.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.ModelUnavailable"/>: the file runs, but cannot be described.</exception>
    public async Task<NetworkSummary> Get(bool expand)
    {
        try
        {
            var (blocks, layers) = await summaries.Value;
            return expand ? layers : blocks;
        }
        catch (FoveaException e)
        {
            throw new FoveaException(ErrorCode.ModelUnavailable, $"There is no summary of {model}: {e.Message.Replace(file, "its file", StringComparison.Ordinal)}", e);
        }
    }
}
