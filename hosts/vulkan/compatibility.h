/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations that older Vulkan headers lack, with the names of this folder so
 * that newer headers do not collide.  Values are those of the Vulkan registry:
 * VK_KHR_cooperative_matrix (headers 1.3.255), VK_NV_cooperative_matrix2 (1.3.300),
 * VK_KHR_shader_bfloat16 (1.4.311). */
#ifndef HCB_VULKAN_COMPATIBILITY_H
#define HCB_VULKAN_COMPATIBILITY_H

#include <vulkan/vulkan.h>

#define COMPAT_COOPERATIVE_MATRIX_EXTENSION "VK_KHR_cooperative_matrix"
#define COMPAT_COOPERATIVE_MATRIX2_EXTENSION "VK_NV_cooperative_matrix2"
#define COMPAT_BFLOAT16_EXTENSION "VK_KHR_shader_bfloat16"

enum {
    COMPAT_STYPE_COOPERATIVE_MATRIX_FEATURES = 1000506000,
    COMPAT_STYPE_COOPERATIVE_MATRIX_PROPERTIES = 1000506001, /* one entry of the list */
    COMPAT_STYPE_COOPERATIVE_MATRIX2_FEATURES = 1000593000,
    COMPAT_STYPE_FLEXIBLE_MATRIX_PROPERTIES = 1000593001, /* one entry of the list */
    COMPAT_STYPE_COOPERATIVE_MATRIX2_PROPERTIES = 1000593002,
    COMPAT_STYPE_BFLOAT16_FEATURES = 1000141000
};

/* VkComponentTypeKHR */
enum {
    COMPAT_COMPONENT_FLOAT16 = 0,
    COMPAT_COMPONENT_FLOAT32 = 1,
    COMPAT_COMPONENT_SINT8 = 3,
    COMPAT_COMPONENT_SINT32 = 5,
    COMPAT_COMPONENT_BFLOAT16 = 1000141000
};

enum { COMPAT_SCOPE_WORKGROUP = 2, COMPAT_SCOPE_SUBGROUP = 3 }; /* VkScopeKHR */

/* VkPhysicalDeviceCooperativeMatrixFeaturesKHR */
struct compat_cooperative_matrix_features {
    VkStructureType sType;
    void *pNext;
    VkBool32 cooperativeMatrix;
    VkBool32 cooperativeMatrixRobustBufferAccess;
};

/* VkPhysicalDeviceCooperativeMatrix2FeaturesNV */
struct compat_cooperative_matrix2_features {
    VkStructureType sType;
    void *pNext;
    VkBool32 cooperativeMatrixWorkgroupScope;
    VkBool32 cooperativeMatrixFlexibleDimensions;
    VkBool32 cooperativeMatrixReductions;
    VkBool32 cooperativeMatrixConversions;
    VkBool32 cooperativeMatrixPerElementOperations;
    VkBool32 cooperativeMatrixTensorAddressing;
    VkBool32 cooperativeMatrixBlockLoads;
};

/* VkPhysicalDeviceCooperativeMatrix2PropertiesNV */
struct compat_cooperative_matrix2_properties {
    VkStructureType sType;
    void *pNext;
    uint32_t cooperativeMatrixWorkgroupScopeMaxWorkgroupSize;
    uint32_t cooperativeMatrixFlexibleDimensionsMaxDimension;
    uint32_t cooperativeMatrixWorkgroupScopeReservedSharedMemory;
};

/* VkPhysicalDeviceShaderBfloat16FeaturesKHR */
struct compat_bfloat16_features {
    VkStructureType sType;
    void *pNext;
    VkBool32 shaderBFloat16Type;
    VkBool32 shaderBFloat16DotProduct;
    VkBool32 shaderBFloat16CooperativeMatrix;
};

/* VkCooperativeMatrixPropertiesKHR */
struct compat_cooperative_matrix {
    VkStructureType sType;
    void *pNext;
    uint32_t MSize, NSize, KSize;
    uint32_t AType, BType, CType, ResultType;
    VkBool32 saturatingAccumulation;
    uint32_t scope;
};

/* VkCooperativeMatrixFlexibleDimensionsPropertiesNV */
struct compat_flexible_matrix {
    VkStructureType sType;
    void *pNext;
    uint32_t MGranularity, NGranularity, KGranularity;
    uint32_t AType, BType, CType, ResultType;
    VkBool32 saturatingAccumulation;
    uint32_t scope;
    uint32_t workgroupInvocations;
};

/* vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR */
typedef VkResult(VKAPI_PTR *compat_list_cooperative_matrices)(
    VkPhysicalDevice physical, uint32_t *count, struct compat_cooperative_matrix *list);

/* vkGetPhysicalDeviceCooperativeMatrixFlexibleDimensionsPropertiesNV */
typedef VkResult(VKAPI_PTR *compat_list_flexible_matrices)(
    VkPhysicalDevice physical, uint32_t *count, struct compat_flexible_matrix *list);

#endif
