using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// The layers of a loaded version. Its file is read once, when somebody first asks: a large network has half a gigabyte, its summary some
/// kilobytes. If the file is no longer the one that was loaded, there is no summary.
/// </summary>
internal sealed class VersionSummary(string model, LoadedVersion version, TimeProvider time)
{
    private readonly Lock starting = new();
    private Task<(NetworkSummary Blocks, NetworkSummary Layers)>? summaries;

    /// <summary>The summary.</summary>
    /// <param name="expand">Whether each layer of a block has a row of its own.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.ModelUnavailable"/>: the file runs, but cannot be described; or it has
    /// changed.</exception>
    public async Task<NetworkSummary> Get(bool expand)
    {
        var begun = Begun();
        try
        {
            var (blocks, layers) = await begun;
            return expand ? layers : blocks;
        }
        catch (Exception e) when (e is FoveaException or IOException)
        {
            lock (starting)
            {
                // The file may be put back.
                summaries = summaries == begun ? null : summaries;
            }

            var reason = e.Message.Replace(version.Folder.File, "its file", StringComparison.Ordinal);
            throw new FoveaException(ErrorCode.ModelUnavailable, $"There is no summary of {model}: {reason}", e);
        }
    }

    private Task<(NetworkSummary Blocks, NetworkSummary Layers)> Begun()
    {
        lock (starting)
        {
            return summaries ??= Task.Run(() => version.Folder.ReadUnchanged(Summarize, time).Result);
        }
    }

    private (NetworkSummary Blocks, NetworkSummary Layers) Summarize(VersionFolder folder)
    {
        if (folder != version.Folder && folder.Digest() != version.Digest)
        {
            throw new FoveaException(
                ErrorCode.ModelUnavailable,
                $"the files of version {folder.Number} have changed since it was loaded; POST /models/{model}/load loads them as they "
                    + $"are now.");
        }

        var graph = OnnxFile.Read(folder.File).ForImages(version.Served.Classifier.Input);
        return (NetworkSummary.Of(graph) with { Name = model }, NetworkSummary.Of(graph, expand: true) with { Name = model });
    }
}
