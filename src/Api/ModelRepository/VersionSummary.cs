using Fovea.Api.Problems;
using Fovea.Models.Errors;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;
using Fovea.Models.Summary;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// The summary of the layers of a loaded version. The first request for it reads the file. The summary is then kept in memory and the
/// graph is not: the graph of a large network takes half a gigabyte, its summary some kilobytes. A file that has changed since the version
/// was loaded is refused.
/// </summary>
internal sealed class VersionSummary(string model, LoadedVersion version, TimeProvider time)
{
    private readonly Lock starting = new();
    private Task<(NetworkSummary Blocks, NetworkSummary Layers)>? summaries;

    /// <summary>Returns the summary.</summary>
    /// <param name="expand">True: each layer of a block has a row of its own. False: each block is one row.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.ModelUnavailable"/>: the network runs, but its layers cannot be
    /// described; or the file has changed.</exception>
    public async Task<NetworkSummary> Get(bool expand)
    {
        var begun = Begun();
        try
        {
            var (blocks, layers) = await begun;
            return expand ? layers : blocks;
        }
        catch (Exception e) when (e is RefusalException or IOException)
        {
            lock (starting)
            {
                // The original file may be restored, so the next request tries again.
                summaries = summaries == begun ? null : summaries;
            }

            var reason = e.Message.Replace(version.Folder.File, "its file", StringComparison.Ordinal);
            throw new ServiceException(ServiceError.ModelUnavailable, $"There is no summary of {model}: {reason}", e);
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
            throw new ServiceException(
                ServiceError.ModelUnavailable,
                $"the files of version {folder.Number} have changed since it was loaded; POST /models/{model}/load loads them as they "
                    + $"are now.");
        }

        var graph = ModelAdoption.NetworkOf(
                folder.File,
                ModelJson.Read(folder.Json),
                ModelJson.Read(folder.ModelJson))
            .ForImages(version.Served.Classifier.Input);
        return (NetworkSummary.Of(graph) with { Name = model }, NetworkSummary.Of(graph, expand: true) with { Name = model });
    }
}
