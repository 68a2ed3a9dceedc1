using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Models.Errors;

namespace Fovea.Api.DatasetRepository;

/// <summary>Deletes data sets, unless a job that has not ended uses them.</summary>
internal sealed class DatasetRemoval(DatasetStore datasets, JobStore jobs)
{
    /// <summary>Deletes a data set.</summary>
    /// <exception cref="RefusalException">
    /// <see cref="ServiceError.UnknownDataset"/>: the data set does not exist. <see cref="ServiceError.Conflict"/>: a job that has not
    /// ended uses it. <see cref="ErrorCode.CannotWrite"/>.
    /// </exception>
    public async Task Delete(string id, CancellationToken stop)
    {
        if (await jobs.UsesDataset(id, stop))
        {
            throw new ServiceException(
                ServiceError.Conflict,
                $"A job that has not ended uses {id}. Cancel the job or wait until it ends, and then delete the data set.");
        }

        datasets.Delete(id);
    }
}
