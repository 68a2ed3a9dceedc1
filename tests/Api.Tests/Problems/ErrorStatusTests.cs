using Fovea.Api.Problems;
using Fovea.Models.Errors;

namespace Fovea.Api.Tests.Problems;

public sealed class ErrorStatusTests
{
    private static readonly Problem[] Problems =
    [
        .. Enum.GetValues<ErrorCode>().Select(code => Problem.Of(code, "")),
        .. Enum.GetValues<ServiceError>().Select(error => Problem.Of(error, "")),
    ];

    [Fact]
    public void No_kind_of_error_that_a_client_causes_is_500() => Assert.Equal(
        ["device_unavailable", "download_failed", "internal", "training_failed"],
        Problems.Where(problem => problem.Status == 500).Select(problem => problem.Code).Order());

    [Fact]
    public void Each_name_stands_for_one_kind_of_error() => Assert.Distinct(Problems.Select(problem => problem.Code));
}
